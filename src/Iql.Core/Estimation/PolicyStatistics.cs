using Iql.Algorithms;
using Iql.Data;
using Iql.Graph;

namespace Iql.Estimation;

/// <summary>What a policy's own networks say of held-out episodes, in the units of its training.</summary>
static class PolicyStatistics
{
    /// <summary>Adds tdError, ownValue, advantageMean, advantageStd and advantagePositive, where the run learned
    /// values, and how far its actions are from the data's.</summary>
    /// <param name="rows">Held-out episodes, normalised as the run's data were.</param>
    internal static void Add(
        OrderedDictionary<string, double> numbers, JudgedPolicy policy, FixedPolicy target, Transitions rows)
    {
        var (learner, state) = (policy.Learner, policy.State);
        if (learner.Value is not null)
        {
            var errors = FittedValues.TemporalErrors(learner, state, rows, policy.Discount);
            numbers["tdError"] = Math.Sqrt(errors.Average(error => error * error));
            var values = RowFunction.Over(learner, state, learner.Value.Graph, rows.Observations);
            var q = RowFunction.Over(learner, state,
                count => RowFunction.ActionValue(learner, rows, count), rows.Observations, rows.Actions);
            var advantages = q.Zip(values, (action, value) => (double)action - value).ToArray();
            numbers["ownValue"] = values.Average(value => (double)value);
            numbers["advantageMean"] = advantages.Average();
            numbers["advantageStd"] = FittedValues.Deviation(advantages);
            numbers["advantagePositive"] = advantages.Average(advantage => advantage > 0 ? 1.0 : 0);
        }
        if (learner.LogProbability is { } density)
            numbers["logProbability"] = RowFunction.Over(learner, state, density, rows.Observations, rows.Actions)
                .Average(number => (double)number);
        var actions = RowFunction.Over(learner, state, learner.Act, rows.Observations);
        if (target.IsDiscrete)
            numbers["actionsDiffer"] = Enumerable.Range(0, rows.Count)
                .Average(i => Choice(i) == ActionSpace.Choice(rows.Action(i)) ? 0.0 : 1.0);
        else
            numbers["actionError"] = Math.Sqrt(
                actions.Zip(rows.Actions, (own, data) => Math.Pow((double)own - data, 2)).Average());

        int Choice(int row) => ActionSpace.Choice(actions.AsSpan(row * rows.ActionSize, rows.ActionSize));
    }
}
