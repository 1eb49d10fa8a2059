using System.Collections.Immutable;
using Iql.Graph;
using Iql.Losses;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

public static partial class ImplicitQLearning
{
    /// <summary>What a policy's objective makes of some transitions: A = min Q̂(s, a) − V(s) and w = min(e^{βA}, cap), of one state.</summary>
    internal static GraphFunction Probe(ImmutableArray<Layout> blocks, int observationSize, int actionSize, int rows, PolicyWeight? policyWeight = null)
    {
        Check.AtLeast(rows, 1, nameof(rows));
        Layout batch = new("batch", [("observations", new(rows, observationSize)), ("actions", new(rows, actionSize))]);
        Layout probe = new("probe", [("weights", new(rows)), ("advantages", new(rows)), ("values", new(rows))]);
        var (shared, columns) = (blocks[0].Inputs(), batch.Inputs());
        var v = V(shared, columns["observations"]);
        var advantage = Critics.LeastTarget(shared, columns["observations"], columns["actions"]) - v;
        var weight = (policyWeight ?? AdvantageWeighted.Weight)(advantage, Scalar("inverseTemperature"), Scalar("maxAdvantageWeight"));
        return new([blocks[0], blocks[1], batch], ["inverseTemperature", "maxAdvantageWeight"], [new(probe, [weight, advantage, v])], []);
    }
}
