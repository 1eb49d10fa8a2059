global using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;
using System.Collections.Immutable;
using System.Globalization;
using Iql.Graph;
using Iql.Networks;
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
    const string UpdatesName = "updates/";

    /// <summary>Updates that an optimizer has made, for Adam: of one that makes every d-th step, in that step.
    /// </summary>
    internal static Tensor Updates(int every = 1) => Tensor.Scalar($"{UpdatesName}{every}");

    /// <summary>A program whose optimizers began at step t₀: (step + 1) / d − 1 − ⌊t₀ / d⌋ updates were made.</summary>
    static GraphFunction Since(GraphFunction program, long start) => program.Replaced(node =>
    {
        if (node.Op != Op.Input || !node.Name.StartsWith(UpdatesName, StringComparison.Ordinal)) return null;
        var every = int.Parse(node.Name[UpdatesName.Length..], CultureInfo.InvariantCulture);
        var step = Tensor.Scalar("step");
        var made = every == 1 ? step : (step + 1) / every - 1; // a whole number, in such a step
        return start < every ? made : made - start / every;
    });

    /// <summary>The learner of configs, a policy each, on <see cref="Layouts"/>; phases are programs.</summary>
    /// <exception cref="ArgumentException">A program has a scalar that is no hyperparameter, seed or step.</exception>
    internal static Learner Of(
        string algorithm, IReadOnlyList<IAlgorithmConfig> members, ImmutableArray<Layout> blocks, Layout batch,
        Action<Seed, TensorBlock> startShared, Action<Seed, TensorBlock> startPolicy, Func<int, GraphFunction> act,
        params Phase[] phases)
    {
        var scalars = members.Scalars();
        ImmutableArray<GraphFunction> traced = [.. phases.Select(Program)];
        ImmutableArray<double> values = [.. scalars.Select(scalar => scalar.Value)];
        var programs = ProgramsSince(0);
        return new(algorithm, blocks, batch, programs[0], values, Start, act)
        {
            Programs = programs,
            ProgramsSince = ProgramsSince,
        };

        ImmutableArray<GraphFunction> ProgramsSince(long step)
        {
            ImmutableArray<GraphFunction> since = [.. traced.Select(program => Since(program, step))];
            foreach (var program in since)
                foreach (var name in GraphFunction.Of(program.Inputs, program.Outputs).Scalars)
                    Check.That(program.Scalars.Contains(name), algorithm,
                        $"scalars {string.Join(", ", program.Scalars)}", name);
            return since;
        }

        // Moments are 0. Every policy starts with the numbers it would have alone.
        ImmutableArray<TensorBlock> Start(Seed seed)
        {
            var parameters = seed.Split("initial parameters");
            var start = blocks.Select(layout => new TensorBlock(layout)).ToArray();
            startShared(parameters, start[0]);
            foreach (var block in start[1..]) startPolicy(parameters, block);
            return [.. start];
        }

        GraphFunction Program(Phase phase)
        {
            var groups = blocks.Select(block => block.Inputs()).ToArray();
            var (shared, policies, metrics) = phase(groups[0], groups[1..], batch.Inputs());
            var each = policies.ToArray();
            var own = each.SelectMany((policy, i) =>
                policy.Metrics.Select(metric => ($"{i}:{metric.Name}", metric.Value)));
            return new([.. blocks, batch], ["seed", "step", .. scalars.Select(scalar => scalar.Name)],
                [shared, .. each.Select(policy => policy.Policy)], [.. metrics, .. own]);
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

    /// <summary>Starts one network from a part of the seed.</summary>
    internal static Action<Seed, TensorBlock> Network(Initialisation initialisation, string part) =>
        (seed, block) => Initialisers.Network(initialisation, seed.Split(part), block, "");
}
