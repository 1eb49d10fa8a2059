using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>A learner's value of a state: discounted rewards to come, in units of training.</summary>
/// <param name="Formula">For people: "V(s)", "min Q(s, π(s))".</param>
/// <param name="Graph">For a number of rows E. Inputs: shared block, member block, a block "observations" with the
/// entry "observations" [E, S], as they were normalised. Scalars as <see cref="Learner.Act"/> has them. Output: a block
/// "values" with the entry "values" [E].</param>
public sealed record StateValue(string Formula, Func<int, GraphFunction> Graph)
{
    /// <summary>A value function of the shared block and s, [E, S].</summary>
    internal static StateValue Of(
        ImmutableArray<Layout> blocks, int observationSize, Func<TensorGroup, Tensor, Tensor> value) =>
        new("V(s)", rows =>
        {
            Check.AtLeast(rows, 1, nameof(rows));
            Layout observations = new("observations", [("observations", new(rows, observationSize))]);
            var (shared, s) = (blocks[0].Inputs(), observations.Inputs()["observations"]);
            return new([blocks[0], blocks[1], observations], [], [new(Values(rows), [value(shared, s)])], []);
        });

    /// <summary>The least critic at what the policy does, or draws. Of discrete actions equal ones share.</summary>
    internal static StateValue OfPolicy(
        ImmutableArray<Layout> blocks, Func<int, GraphFunction> act, bool discrete = false)
    {
        var critics = blocks[0].Contains("critic2/w0") ? "min Q(s, π(s))" : "Q(s, π(s))";
        return new(critics, rows =>
        {
            var function = act(rows);
            var (shared, s) = (blocks[0].Inputs(), function.Inputs[2].Inputs()["observations"]);
            var action = function.Outputs[0]["actions"];
            if (discrete) action /= Tensor.Sum(action, 1);
            return new(function.Inputs, function.Scalars, [new(Values(rows), [Critics.Min(shared, s, action)])], []);
        });
    }

    static Layout Values(int rows) => new("values", [("values", new(rows))]);
}
