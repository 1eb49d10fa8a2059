using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>
/// Fitted Q evaluation of a policy that no longer learns (Le, Voloshin and Yue 2019, arXiv:1903.08738), as traced
/// functions:
/// <code>
/// critic step    Q  ← minimise mean ( y − Q(s,a) )²,  y = clip( r + γ (1−d) Q̂(s′, π(s′)), least, greatest )
/// target         Q̂  ← α Q + (1−α) Q̂
/// </code>
/// Q(s₀, π(s₀)) then estimates the discounted return of π, without an environment. The bounds are those that the
/// data's rewards allow, so that Q cannot grow without end. A policy that draws is drawn anew at every step.
/// </summary>
public static class FittedQEvaluation
{
    /// <summary>The name in config.json.</summary>
    public const string Name = "fqe";

    /// <summary>The learner of a config: its one member is the policy, which stays as it is.</summary>
    public static Learner Learner(FittedQEvaluationConfig config, FixedPolicy policy)
    {
        FittedQEvaluationConfig[] members = [config];
        members.Validate(policy.ObservationSize, policy.ActionSize);
        var (s, a) = (policy.ObservationSize, policy.ActionSize);
        Check.That(policy.IsDiscrete == (config.Actions == ActionKind.Discrete), "actions",
            policy.IsDiscrete ? "discrete" : "continuous", config.Actions);
        var (critic, target) = Critics.Shapes(1, s, config.HiddenSizes, a, config.Actions, config.LayerNorm);
        var blocks = Learners.Layouts(critic, target, [], policy.Reads, members: 1);
        return Learners.Of(Name, members, blocks, BatchLayout.Of(config.BatchSize, s, a),
            (seed, shared) => Critics.Initialise(config.Initialisation, seed, shared),
            (_, block) => policy.Write(block), Act,
            (shared, policies, batch) => Step(config, policy, shared, policies[0], batch)) with
        {
            Value = StateValue.OfPolicy(blocks, Act, policy.IsDiscrete),
        };

        GraphFunction Act(int rows) => Acting.Of(blocks, s, a, rows,
            (_, block, observations) => policy.Actions(block, observations, Scalar("decision")));
    }

    static Traced Step(FittedQEvaluationConfig config, FixedPolicy policy, TensorGroup shared, TensorGroup block,
        TensorGroup batch)
    {
        var after = batch["nextObservations"];
        var next = Critics.MinTarget(shared, after, policy.Actions(block, after, Scalar("step")));
        var open = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount), next);
        var target = Clip(open, Scalar(config.LeastValue), Scalar(config.GreatestValue));
        var (critic, metrics) = Critics.Step(AdamState.In(shared, "critic1"), target, batch["observations"],
            batch["actions"], Learners.Updates(), Scalar(config.CriticLearningRate));
        return new(
            shared.With([.. critic.Entries, .. Critics.TargetStep(shared, critic, Scalar(config.PolyakStep))]),
            [(block, [])],
            [.. metrics, ("nextValueMean", Mean(next)), ("targetsBounded", Mean(Square(open - target) > 0))]);
    }
}
