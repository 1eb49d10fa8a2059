using System.Collections.Immutable;
using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;

namespace Iql.Estimation;

/// <summary>Importance sampling of a policy's draws, with a fitted Q beside it.</summary>
static class ImportanceNumbers
{
    // Draws of an action, whose mean Q is a state's value.
    const int Draws = 16;

    /// <summary>Refuses what has no importance weights, before any work.</summary>
    /// <exception cref="InputException">The policy does not draw its actions, or rows and numbers differ.</exception>
    internal static void Check(JudgedPolicy policy, Transitions data, IReadOnlyList<float> behaviour)
    {
        Iql.Check.That(behaviour.Count == data.Count, "behaviour's log-probabilities",
            $"{data.Count}, one a row of {data.Name}", behaviour.Count);
        if (policy.Learner is not { LogProbability: not null, Explore: not null })
            throw new InputException($"{policy.Learner.Algorithm}: expected a policy that draws its actions, got a "
                + "deterministic one. It gives the data's actions no probability: leave importance sampling out.");
    }

    /// <summary>Adds weightedImportance, doublyRobust and effectiveEpisodes.</summary>
    /// <param name="fit">The fitted Q and where it stands; null leaves the doubly robust one out.</param>
    /// <param name="normalization">That of the fit.</param>
    /// <param name="behaviour">ln μ(a|s) of every row, of the density of actions as they are in the data.</param>
    internal static void Add(OrderedDictionary<string, double> numbers, JudgedPolicy policy,
        (Learner Learner, LearnerState State)? fit, Normalization normalization, double discount, Transitions data,
        IReadOnlyList<float> behaviour)
    {
        var learner = policy.Learner;
        var rows = normalization.Apply(data);
        var density = RowFunction.Over(learner, policy.State, learner.LogProbability!, rows.Observations, rows.Actions);
        // A density per unit of training's actions is one per unit of the data's, times this.
        var slope = normalization.ActionLow.Zip(normalization.ActionHigh, (low, high) => Math.Log(2.0 / (high - low)))
            .Where(double.IsFinite).Sum();
        double[] zeros = new double[data.Count], q = zeros, v = zeros, next = zeros;
        if (fit is var (fitted, state))
        {
            q = Doubles(RowFunction.Over(fitted, state, count => RowFunction.ActionValue(fitted, rows, count),
                rows.Observations, rows.Actions));
            v = Drawn(rows.Observations);
            next = Drawn(rows.NextObservations);
        }
        var estimates = ImportanceSampling.Of(new(data.Episodes,
            [.. density.Select((own, i) => (double)own + slope - behaviour[i])],
            Doubles([.. rows.Rewards]), q, v, next), discount);
        var scale = normalization.RewardScale;
        numbers["weightedImportance"] = estimates.Weighted / scale;
        if (fit is not null) numbers["doublyRobust"] = estimates.DoublyRobust / scale;
        numbers["effectiveEpisodes"] = estimates.EffectiveEpisodes;

        double[] Drawn(ImmutableArray<float> observations)
        {
            var sum = new double[observations.Length / data.ObservationSize];
            for (var draw = 0; draw < Draws; draw++)
            {
                var actions = RowFunction.Over(learner, policy.State, learner.Explore!, observations, draw: draw);
                var values = RowFunction.Over(fit.Value.Learner, fit.Value.State,
                    count => RowFunction.ActionValue(fit.Value.Learner, data, count), observations, [.. actions]);
                for (var i = 0; i < sum.Length; i++) sum[i] += values[i] / Draws;
            }
            return sum;
        }

        static double[] Doubles(float[] numbers) => Array.ConvertAll(numbers, number => (double)number);
    }
}
