using System.Collections.Immutable;
using Iql.Data;
using Iql.Graph;
using Iql.Policies;
using Iql.Training;
using static Iql.Graph.Tensor;

namespace Iql.Export;

/// <summary>A policy as one function of the user's units: normaliser, network, scaling and bounds. What every format
/// writes, op by op.</summary>
/// <param name="Inputs">"observation" [N, S]. Where the policy draws, "noise" of standard normal numbers or "uniform"
/// ones on [0, 1). Where it remembers, "reward" [N], "decision" (a scalar: 0, 1, …) and the memory "context_…".</param>
/// <param name="Outputs">"action" [N, A]. Of discrete ones (one-hot) also "choice" [N]. Of a Gaussian also "mean" and
/// "log_std" [N, A]: in the user's units, or before the tanh (<see cref="Distribution"/>). The memory "next_…", which
/// is the next decision's "context_…"; at the first it is 0.</param>
/// <param name="Parameters">Numbers of the other inputs of the graph.</param>
/// <param name="Distribution">"gaussian", "tanh-gaussian", where the action is tanh of the draw; or null.</param>
public sealed record PolicyGraph(
    ImmutableArray<Tensor> Inputs, ImmutableArray<(string Name, Tensor Value)> Outputs,
    ImmutableArray<NamedTensor> Parameters, string? Distribution)
{
    /// <summary>Traces a policy for N rows.</summary>
    public static PolicyGraph Of(Policy policy, int rows)
    {
        var parameters = new Dictionary<string, NamedTensor>();
        var inputs = new Dictionary<string, Tensor>();
        var normalization = policy.Config.Normalization;
        var (size, width) = (policy.Actions.Size, new Shape(rows, policy.Actions.Size));
        var act = policy.Learner.Act(rows).Replaced(Bound);
        var action = act.Outputs[0]["actions"];

        List<(string, Tensor)> outputs = [("action", policy.Actions.IsDiscrete ? action : Bounded(Scaled(action)))];
        if (policy.Actions.IsDiscrete)
        {
            // The first of equal ones.
            var order = Concat(0, [.. Enumerable.Range(0, size).Select(i => Broadcast(size - i, new(1)))]);
            outputs.Add(("choice", Reshape(size - Max(action * order, 1), new(rows))));
        }
        var drawn = policy.Learner.Explore is { } explore
            ? GaussianDraw.In([.. explore(rows).Outputs[0].Tensors]) : null;
        if (drawn is { } draw)
        {
            var function = GraphFunction.Of(policy.Learner.Act(rows).Inputs, [new(
                new("distribution", [("mean", width), ("logStd", width)]),
                [Broadcast(draw.Mean, width), Broadcast(draw.LogStd, width)])]).Replaced(Bound);
            var (mean, logStd) = (function.Outputs[0]["mean"], function.Outputs[0]["logStd"]);
            outputs.Add(("mean", draw.Squashed ? mean : Scaled(mean)));
            outputs.Add(("log_std", draw.Squashed || !normalization.ScalesActions ? logStd
                : logStd + Number("action_log_half", Halves().Select(half => MathF.Log(half)))));
        }
        foreach (var memory in act.Outputs.Skip(1))
            foreach (var (entry, value) in memory.Layout.Entries.Zip(memory.Tensors))
                outputs.Add(($"next_{entry.Name}", value));

        var simple = Simplify.Apply([.. outputs.Select(output => output.Item2)]);
        HashSet<string> read =
            [.. Order.Of(simple).Where(node => node.Op == Op.Input).Select(node => node.Name)];
        return new([.. inputs.Values.Where(input => input.Name == "observation" || read.Contains(input.Name))],
            [.. outputs.Zip(simple, (output, value) => (output.Item1, value))],
            [.. parameters.Values.Where(parameter => read.Contains(parameter.Name))],
            drawn is null ? null : drawn.Value.Squashed ? "tanh-gaussian" : "gaussian");

        // What stands in the place of a node of the learner's graph.
        Tensor? Bound(Tensor node) => node.Op switch
        {
            Op.RandomNormal => Given("noise", node.Shape),
            Op.RandomUniform => Given("uniform", node.Shape),
            Op.Input when node.Name == "observations/observations" => Observed(Given("observation", node.Shape)),
            Op.Input when node.Name == "observations/rewards" => Where(Given("decision", Shape.Scalar) < 1, 0.0,
                Given("reward", node.Shape) * normalization.RewardScale + normalization.RewardShift),
            Op.Input when node.Name == "decision" => Given("decision", Shape.Scalar),
            Op.Input when node.Name == "seed" => null, // only draws read it, which are given
            Op.Input when node.Name.IndexOf('/') is var cut and >= 0 => Stored(node, node.Name[..cut]),
            Op.Input => policy.Learner.Hyperparameter(node.Name, 0),
            _ => null,
        };

        Tensor Stored(Tensor node, string name)
        {
            var block = policy.State.Blocks.FirstOrDefault(block => block.Layout.Name == name);
            var entry = node.Name[(name.Length + 1)..];
            return block is null ? Given($"{name}_{entry}", node.Shape)
                : Number($"{(name == "shared" ? name : "member")}/{entry}", block.Read(entry), node.Shape);
        }

        Tensor Given(string name, Shape shape) =>
            inputs.TryGetValue(name, out var known) ? known : inputs[name] = Input(name, shape);

        Tensor Number(string name, IEnumerable<float> values, Shape? shape = null)
        {
            float[] all = [.. values];
            if (!parameters.ContainsKey(name)) parameters[name] = new(name, shape ?? new(all.Length), all);
            return Input(name, parameters[name].Shape);
        }

        Tensor Observed(Tensor s) => !normalization.ChangesObservations ? s
            : (s - Number("observation_mean", normalization.ObservationMean))
                / Number("observation_deviation", normalization.ObservationDeviation);

        IEnumerable<float> Halves() => normalization.ActionHigh.Zip(
            normalization.ActionLow, (high, low) => (float)(((double)high - low) / 2));

        Tensor Scaled(Tensor a) => !normalization.ScalesActions ? a
            : Number("action_low", normalization.ActionLow) + (a + 1) * Number("action_half", Halves());

        Tensor Bounded(Tensor a) => !normalization.ScalesActions && policy.Config.Dataset.Columns is null ? a
            : Clip(a, Number("action_least", policy.Bounds.Least), Number("action_greatest", policy.Bounds.Greatest));
    }
}
