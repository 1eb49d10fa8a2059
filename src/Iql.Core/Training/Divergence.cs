using System.Globalization;
using System.Text.Json;
using Iql.Algorithms;
using Iql.Data;

namespace Iql.Training;

/// <summary>Why a run diverged, as far as its data, its numbers and its last metrics show.</summary>
/// <param name="Reward">The largest |r| as it is learned from.</param>
/// <param name="Observation">The largest |number| of an observation as it is learned from.</param>
/// <param name="Action">The largest |number| of an action as it is learned from.</param>
sealed record Divergence(double Reward, double Observation, double Action)
{
    // Trained numbers of published data are under 1,000; squares of 1e19 are no float32.
    const double Large = 1e4, LargeRate = 1e-2, LargeWeight = 1e4, LargeAction = 10;

    /// <summary>Looks through the data; of a row file, through a sample.</summary>
    internal static Divergence Of(IDataset data)
    {
        var rows = data as Transitions ?? data.Pending.Apply(data.Sample(1_000_000));
        return new(Largest(rows.Rewards.AsSpan()), Largest(rows.Observations.AsSpan()),
            Largest(rows.Actions.AsSpan()));
    }

    static double Largest(ReadOnlySpan<float> numbers)
    {
        var most = 0.0;
        foreach (var number in numbers) most = Math.Max(most, Math.Abs((double)number));
        return most;
    }

    /// <summary>What is known, and the likeliest cause with what helps.</summary>
    /// <param name="lines">The train lines so far.</param>
    internal string Words(RunConfig config, IEnumerable<TrainLine> lines)
    {
        var last = lines.SelectMany(line => line.Metrics).Where(metric => double.IsFinite(metric.Value))
            .GroupBy(metric => metric.Key).ToDictionary(group => group.Key, group => group.Last().Value);
        var target = Metric("tdTargetMean") ?? Metric("targetQMean");
        var weight = Metric("weightMax");
        var known = new List<string> { $"largest reward {Text(Reward)}" };
        if (target is { } y) known.Add($"last mean target {Text(y)}");
        if (weight is { } w) known.Add($"largest weight {Text(w)}");
        return $"{Cause(config, target, weight)} Known: {string.Join(", ", known)}.";

        double? Metric(string name) => last.TryGetValue(name, out var value) ? value : null;
    }

    string Cause(RunConfig config, double? target, double? weight)
    {
        var settings = config.Hyperparameters;
        var rate = settings.EnumerateObject().Where(each => each.Name.EndsWith("LearningRate", StringComparison.Ordinal)
            && each.Value.ValueKind == JsonValueKind.Number).Select(each => (each.Name, Value: each.Value.GetDouble()))
            .OrderByDescending(each => each.Value).FirstOrDefault();
        if (Reward > Large) return $"The rewards are likely too large, up to {Text(Reward)}. " + (
            config.Normalization.Rewards == RewardRule.ReturnRange || Reward > 1e15
            ? "Divide them in the data." : "Scale them with --rewards return-range, or divide them in the data.");
        if (Observation > Large) return $"The observations are likely too large, up to {Text(Observation)}. "
            + (config.Normalization.ChangesObservations ? "Look for outliers: iql data inspect FILE."
                : "Standardise them with --normalize-observations.");
        if (Action > LargeAction) return $"The actions are likely too large, up to {Text(Action)}. "
            + "Scale them with --action-scaling minmax.";
        if (rate.Value > LargeRate) return $"The learning rate is likely too large: {rate.Name} {Text(rate.Value)}. "
            + $"Try --{ValueText.Kebab(rate.Name)} 0.0003.";
        if (weight > LargeWeight || Number("inverseTemperature") > 100) return
            "The policy's weights are likely too large. Try a smaller --inverse-temperature or --max-advantage-weight.";
        // No return is larger than all rewards together.
        var discount = Number("discount") ?? 0;
        if (target is { } y && Math.Abs(y) > 10 * Math.Max(1, Reward) / Math.Max(1 - discount, 1e-3)) return
            "The targets grew beyond every return of the data. Try a smaller learning rate or a smaller --discount.";
        return "Try a smaller learning rate.";

        double? Number(string name) => settings.TryGetProperty(name, out var value)
            && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
    }

    static string Text(double number) => number.ToString("G3", CultureInfo.InvariantCulture);
}
