using System.Collections.Immutable;
using Iql.Data;
using Iql.Graph;
using Iql.Networks;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>Implicit Q-learning as a value for the training loop: what its state looks like, how it starts, its step, how it acts.</summary>
public static partial class ImplicitQLearning
{
    /// <summary>The learner of a config, with one policy for each inverse temperature on one value function.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="inverseTemperatures">β of each policy, each at least 0; null is the config's one.</param>
    /// <param name="valueLoss">Another value loss; null is the expectile loss.</param>
    /// <param name="policyWeight">Another policy weight; null is min(e^{βA}, cap).</param>
    public static Learner Learner(
        ImplicitQLearningConfig config, int observationSize, int actionSize, IReadOnlyList<double>? inverseTemperatures = null,
        ValueLoss? valueLoss = null, PolicyWeight? policyWeight = null)
    {
        var betas = Betas(config, inverseTemperatures);
        var blocks = Blocks(config, observationSize, actionSize, criticCount: 2, betas.Length);
        var batch = BatchLayout.Of(config.BatchSize, observationSize, actionSize);

        var groups = blocks.Select(block => block.Inputs()).ToArray();
        var (shared, policies, metrics) = Trace(config, groups[0], groups[1..], batch.Inputs(), new(betas.Length), valueLoss, policyWeight);
        var values = ImplicitQLearningInputs.Values(config, betas);
        return new("iql", blocks, batch,
            new([.. blocks, batch], ["seed", "step", .. values.Select(value => value.Name)], [shared, .. policies], metrics),
            [.. values.Select(value => value.Value)],
            seed => Initialise(config, blocks, seed),
            rows => Act(config, blocks, observationSize, actionSize, rows),
            rows => Probe(blocks, observationSize, actionSize, rows, policyWeight))
        { Value = StateValue.Of(blocks, observationSize, V) };
    }

    internal static ImmutableArray<double> Betas(ImplicitQLearningConfig config, IReadOnlyList<double>? inverseTemperatures)
    {
        config.Validate();
        ImmutableArray<double> betas = inverseTemperatures == null ? [config.InverseTemperature] : [.. inverseTemperatures];
        Check.That(betas.Length > 0, nameof(inverseTemperatures), "at least one inverse temperature", "none", "Leave it out to take the config's.");
        foreach (var beta in betas) config.With(inverseTemperature: beta).Validate();
        return betas;
    }

    /// <summary>Block 0 "shared": value, critics, targets and moments; blocks "policy0", "policy1", …: a policy and its moments.</summary>
    internal static ImmutableArray<Layout> Blocks(ImplicitQLearningConfig config, int observationSize, int actionSize, int criticCount, int members)
    {
        Check.AtLeast(observationSize, 1, nameof(observationSize));
        Check.AtLeast(actionSize, 1, nameof(actionSize));
        var (critics, targets) = Critics.Shapes(criticCount, observationSize, config.HiddenSizes, actionSize, config.Actions);
        (string, Shape)[] learned = [.. Mlp.Shapes(observationSize, config.HiddenSizes, 1).Under("value"), .. critics];
        (string, Shape)[] policy = [.. Acting.Shapes(config.Actions, config.PolicyKind, observationSize, config.HiddenSizes, actionSize)];
        return
        [
            new("shared", [.. learned, .. targets, .. AdamState.Moments(learned)]),
            .. Enumerable.Range(0, members).Select(i => new Layout($"policy{i}", [.. policy, .. AdamState.Moments(policy)])),
        ];
    }

    /// <summary>Blocks at step 0. Every policy starts with the same numbers, those it would have alone; targets equal their critics; moments are 0.</summary>
    internal static ImmutableArray<TensorBlock> Initialise(ImplicitQLearningConfig config, ImmutableArray<Layout> layouts, Seed seed)
    {
        var parameters = seed.Split("initial parameters");
        var shared = new TensorBlock(layouts[0]);
        Initialisers.Network(config.Initialisation, parameters.Split("value"), shared, "value");
        Critics.Initialise(config.Initialisation, parameters, shared);

        var policies = layouts.Skip(1).Select(layout => new TensorBlock(layout)).ToArray();
        foreach (var policy in policies) Initialisers.Network(config.Initialisation, parameters.Split("policy"), policy, "");
        return [shared, .. policies];
    }

    /// <summary>What the policy does, for a number of rows.</summary>
    internal static GraphFunction Act(ImplicitQLearningConfig config, ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows) =>
        Acting.Of(blocks, observationSize, actionSize, rows, config.Actions, config.PolicyKind, config.MeanTanh, config.ActionChoice);
}
