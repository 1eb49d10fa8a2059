using Iql.Graph;
using Iql.Networks;
using Iql.Optimizers;

namespace Iql.Algorithms;

/// <summary>
/// Behaviour cloning, as traced functions, of all data or of the best share of them (10%BC):
/// <code>
/// policy step    π  ← minimise mean over batch and dimensions of (π(s) − a)²      deterministic
///                π  ← minimise −mean ln π(a|s)                                    Gaussian, categorical
/// </code>
/// Nothing is shared: block 0 of the state is empty.
/// </summary>
/// <remarks>CORL's any_percent_bc.py (by trajectories); kzl/decision-transformer's %BC (by time steps).</remarks>
public static class BehaviourCloning
{
    /// <summary>The learner of a config. It clones all rows that it gets: the config's <c>Selection</c>.</summary>
    public static Learner Learner(BehaviourCloningConfig config, int observationSize, int actionSize)
    {
        BehaviourCloningConfig[] members = [config];
        members.Validate(observationSize, actionSize);
        var blocks = Learners.Layouts(
            [], [], [.. ClonedPolicy.Shapes(config, observationSize, actionSize)], [], members: 1);
        Layout batch = new("batch",
            [("observations", new(config.BatchSize, observationSize)), ("actions", new(config.BatchSize, actionSize))]);
        return Learners.Of("bc", members, blocks, batch,
            (_, _) => { }, Learners.Network(config.Initialisation, "policy"),
            rows => ClonedPolicy.Act(config, blocks, observationSize, actionSize, rows),
            (shared, policies, columns) =>
            {
                var (next, metrics) = ClonedPolicy.Step(
                    config, AdamState.In(policies[0]), columns["observations"], columns["actions"]);
                return new(shared, [(policies[0].With(next.Entries), metrics)], []);
            }) with
        {
            Explore = ClonedPolicy.Explore(config, blocks, observationSize, actionSize),
            LogProbability = ClonedPolicy.LogProbability(config, blocks, observationSize, actionSize),
        };
    }
}
