global using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;
using System.Collections.Immutable;
using Iql.Graph;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>A program of a step, traced: of blocks and a batch the blocks after.</summary>
delegate Traced Phase(TensorGroup shared, TensorGroup[] policies, TensorGroup batch);

/// <summary>Blocks after a step, each policy with its metrics, and the metrics of what is shared.</summary>
readonly record struct Traced(
    TensorGroup Shared, IEnumerable<(TensorGroup Policy, Metrics Metrics)> Policies, Metrics Metrics);

/// <summary>Puts learners together.</summary>
static class Learners
{
    /// <summary>The learner of configs, a policy each: blocks are of <see cref="Layouts"/> and start by <see
    /// cref="Start"/>; phases are a step's programs.</summary>
    /// <exception cref="ArgumentException">A program has a scalar that is no hyperparameter, seed or step.</exception>
    internal static Learner Of(
        string algorithm, IReadOnlyList<IAlgorithmConfig> members, ImmutableArray<Layout> blocks, Layout batch,
        Func<Seed, ImmutableArray<TensorBlock>> initialise, Func<int, GraphFunction> act, params Phase[] phases)
    {
        var scalars = members.Scalars();
        ImmutableArray<GraphFunction> programs = [.. phases.Select(Program)];
        ImmutableArray<double> values = [.. scalars.Select(scalar => scalar.Value)];
        return new(algorithm, blocks, batch, programs[0], values, initialise, act) { Programs = programs };

        GraphFunction Program(Phase phase)
        {
            var groups = blocks.Select(block => block.Inputs()).ToArray();
            var (shared, policies, metrics) = phase(groups[0], groups[1..], batch.Inputs());
            var each = policies.ToArray();
            var own = each.SelectMany((policy, i) =>
                policy.Metrics.Select(metric => ($"{i}:{metric.Name}", metric.Value)));
            GraphFunction program = new([.. blocks, batch], ["seed", "step", .. scalars.Select(scalar => scalar.Name)],
                [shared, .. each.Select(policy => policy.Policy)], [.. metrics, .. own]);
            foreach (var name in GraphFunction.Of(program.Inputs, program.Outputs).Scalars)
                Check.That(program.Scalars.Contains(name), algorithm,
                    $"scalars {string.Join(", ", program.Scalars)}", name);
            return program;
        }
    }

    /// <summary>Block 0 "shared" and blocks "policy0", …: what learns, slow copies, and moments.</summary>
    internal static ImmutableArray<Layout> Layouts(
        IReadOnlyList<(string Name, Shape Shape)> shared, IEnumerable<(string Name, Shape Shape)> targets,
        IReadOnlyList<(string Name, Shape Shape)> policy, IEnumerable<(string Name, Shape Shape)> policyTargets,
        int members)
    {
        (string, Shape)[] each = [.. policy, .. policyTargets, .. AdamState.Moments(policy)];
        return
        [
            new("shared", [.. shared, .. targets, .. AdamState.Moments(shared)]),
            .. Enumerable.Range(0, members).Select(i => new Layout($"policy{i}", each)),
        ];
    }

    /// <summary>Blocks at step 0: moments are 0, and every policy starts with the same numbers, those it would have
    /// alone. All come from the part "initial parameters" of a seed, each network from a part of its own.</summary>
    internal static Func<Seed, ImmutableArray<TensorBlock>> Start(
        ImmutableArray<Layout> layouts, Action<Seed, TensorBlock> shared, Action<Seed, TensorBlock> policy) => seed =>
    {
        var parameters = seed.Split("initial parameters");
        var blocks = layouts.Select(layout => new TensorBlock(layout)).ToArray();
        shared(parameters, blocks[0]);
        foreach (var block in blocks[1..]) policy(parameters, block);
        return [.. blocks];
    };
}
