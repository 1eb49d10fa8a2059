using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;

namespace Iql.Estimation;

/// <summary>What a fitted Q says, in units of raw rewards.</summary>
static class FittedValues
{
    /// <summary>Adds value, valueStd, dataReturn and fittedError.</summary>
    /// <param name="normalization">That of the fit: its scale of rewards is undone.</param>
    internal static void Add(OrderedDictionary<string, double> numbers, Learner learner, LearnerState state,
        Normalization normalization, double discount, Transitions data, Transitions heldOut)
    {
        var scale = normalization.RewardScale;
        var starts = data.Episodes.SelectMany(episode => data.Observation(episode.Start).ToArray()).ToArray();
        normalization.Apply(starts);
        var values = Array.ConvertAll(
            RowFunction.Over(learner, state, learner.Value!.Graph, [.. starts]), value => value / scale);
        numbers["value"] = values.Average();
        numbers["valueStd"] = Deviation(values);
        var returns = data.ReturnsToGo(discount);
        numbers["dataReturn"] = data.Episodes.Average(episode => (double)returns[episode.Start]);

        var rows = normalization.Apply(heldOut);
        var errors = TemporalErrors(learner, state, rows, discount);
        numbers["fittedError"] = Math.Sqrt(errors.Average(error => error * error)) / scale;
    }

    /// <summary>r + γ (1−d) V(s′) − Q(s, a) of every row, by a learner's own values.</summary>
    internal static double[] TemporalErrors(Learner learner, LearnerState state, Transitions rows, double discount)
    {
        var next = RowFunction.Over(learner, state, learner.Value!.Graph, rows.NextObservations);
        var q = RowFunction.Over(
            learner, state, count => RowFunction.ActionValue(learner, rows, count), rows.Observations, rows.Actions);
        return [.. q.Select((value, i) =>
            rows.Rewards[i] + (rows.Terminals[i] ? 0 : discount * next[i]) - value)];
    }

    internal static double Deviation(IReadOnlyCollection<double> numbers)
    {
        var mean = numbers.Average();
        return Math.Sqrt(numbers.Average(number => (number - mean) * (number - mean)));
    }
}
