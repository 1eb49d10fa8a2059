using System.Collections.Immutable;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Graph.Tensor;

namespace Iql.Algorithms;

/// <summary>Critics with their slow targets, as traced functions that algorithms share. In a block of state they are
/// the networks "critic1", "critic2", …, "targetCritic1", …; one Adam serves all, which acts number by number and so
/// equals one for each.</summary>
public static class Critics
{
    /// <summary>Names and shapes of critics, and of their targets.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="actions">Discrete: critics of the observation with an output an action.</param>
    /// <param name="layerNorm">Whether their hidden layers are normalised.</param>
    public static ((string Name, Shape Shape)[] Online, (string Name, Shape Shape)[] Targets) Shapes(
        int count, int observationSize, IReadOnlyList<int> hiddenSizes, int actionSize,
        ActionKind actions = ActionKind.Continuous, bool layerNorm = false)
    {
        var critic = Critic.Shapes(observationSize, hiddenSizes, actionSize, actions, layerNorm).ToArray();
        return (Under("critic"), Under("targetCritic"));

        (string, Shape)[] Under(string name) =>
            [.. Enumerable.Range(1, count).SelectMany(i => critic.Under($"{name}{i}"))];
    }

    /// <summary>Starts the critics of a block, each from its own part of a seed, and targets equal to them.</summary>
    public static void Initialise(Initialisation initialisation, Seed parameters, TensorBlock block)
    {
        foreach (var name in Present(block.Layout, "critic"))
            Initialisers.Network(initialisation, parameters.Split(name), block, name);
        foreach (var name in block.Layout.Entries.Select(entry => entry.Name))
            if (name.StartsWith("targetC", StringComparison.Ordinal))
                block.Write(name, block.Read("c" + name["targetC".Length..]));
    }

    /// <summary>Q(s, a) of one critic: [B, S] and [B, A] → [B].</summary>
    public static Tensor Q(TensorGroup critics, string name, Tensor observations, Tensor actions) =>
        Critic.Apply(critics.Part(name), observations, actions);

    /// <summary>min over the critics of Q(s, a), [B].</summary>
    public static Tensor Min(TensorGroup critics, Tensor observations, Tensor actions) =>
        Names(critics).Select(name => Q(critics, name, observations, actions)).Aggregate(Minimum);

    /// <summary>Mean over the critics of Q(s, a), [B].</summary>
    public static Tensor Average(TensorGroup critics, Tensor observations, Tensor actions)
    {
        var q = Names(critics).Select(name => Q(critics, name, observations, actions)).ToArray();
        return q.Aggregate((sum, other) => sum + other) / q.Length;
    }

    /// <summary>Q̂(s, a) of every target critic, [B] each.</summary>
    public static Tensor[] EachTarget(TensorGroup shared, Tensor observations, Tensor actions) =>
        [.. TargetNames(shared).Select(name => Q(shared, name, observations, actions))];

    /// <summary>min over the target critics of Q̂(s, a), [B].</summary>
    public static Tensor MinTarget(TensorGroup shared, Tensor observations, Tensor actions) =>
        EachTarget(shared, observations, actions).Aggregate(Minimum);

    /// <summary>Q(s, aᵢ) of K actions a state: [B, S] and [K, B, A] → [K, B].</summary>
    public static Tensor QOfSamples(TensorGroup critics, string name, Tensor observations, Tensor actions)
    {
        var (k, b) = (actions.Shape[0], actions.Shape[1]);
        var each = Reshape(actions, new(k * b, actions.Shape[2]));
        return Reshape(Q(critics, name, Repeat(observations, k), each), new(k, b));
    }

    /// <summary>All rows, count times over: [B, X] → [count·B, X].</summary>
    internal static Tensor Repeat(Tensor x, int count)
    {
        var (rows, size) = (x.Shape[0], x.Shape[1]);
        return Reshape(Broadcast(Reshape(x, new(1, rows, size)), new(count, rows, size)), new(count * rows, size));
    }

    /// <summary>min over the critics of Q(s, aᵢ), [K, B].</summary>
    public static Tensor MinOfSamples(TensorGroup critics, Tensor observations, Tensor actions) =>
        Names(critics).Select(name => QOfSamples(critics, name, observations, actions)).Aggregate(Minimum);

    /// <summary>min over the target critics of Q̂(s, aᵢ), [K, B].</summary>
    public static Tensor MinTargetOfSamples(TensorGroup shared, Tensor observations, Tensor actions) =>
        TargetNames(shared).Select(name => QOfSamples(shared, name, observations, actions)).Aggregate(Minimum);

    /// <summary>Q ← minimise mean (y − Q(s,a))², or another error, summed over the critics.</summary>
    /// <param name="critics">critic1, critic2, … with their moments.</param>
    /// <param name="target">y, [B]: a constant here, whatever it was computed from.</param>
    /// <param name="step">Steps these critics have made already, a scalar.</param>
    /// <param name="error">Loss of (y, Q), a scalar; null is <see cref="TemporalDifference.Squared"/>.</param>
    public static (AdamState Critics, Metrics Metrics) Step(
        AdamState critics, Tensor target, Tensor observations, Tensor actions, Tensor step, Tensor learningRate,
        Func<Tensor, Tensor, Tensor>? error = null)
    {
        error ??= (y, prediction) => TemporalDifference.Squared(y, prediction);
        var q = Names(critics.Parameters).Select(name => Q(critics.Parameters, name, observations, actions)).ToArray();
        var loss = q.Select(prediction => error(target, prediction)).Aggregate((sum, other) => sum + other);
        var (after, norm) = Adam.Descend(critics, loss, step, learningRate);
        return (after, Measured(loss, target, q, norm));
    }

    /// <summary>The metrics of a step of critics: its loss, y, Q(s, a) of two, its spread over more, and the gradient's
    /// norm.</summary>
    internal static Metrics Measured(Tensor loss, Tensor target, IReadOnlyList<Tensor> q, Tensor gradientNorm)
    {
        var difference = target - q[0];
        return
        [
            ("criticLoss", loss), .. q.Take(2).Select((prediction, i) => ($"q{i + 1}Mean", Mean(prediction))),
            ("qMean", Mean(q.Aggregate(Minimum))), ("tdTargetMean", Mean(target)), ("tdErrorMean", Mean(difference)),
            ("tdErrorAbsMean", Mean(Abs(difference))), ("tdErrorSquareMean", Mean(Square(difference))),
            ("tdErrorPositive", Mean(difference > 0)), ("criticGradientNorm", gradientNorm),
            .. q.Count > 2 ? [("qSpreadMean", Mean(q.Aggregate(Maximum) - q.Aggregate(Minimum)))] : (Metrics)[],
        ];
    }

    /// <summary>Target networks after: Q̂ ← α Q + (1−α) Q̂, under their names in the shared block.</summary>
    public static IEnumerable<(string Name, Tensor Tensor)> TargetStep(
        TensorGroup shared, AdamState critics, Tensor polyakStep) =>
        from pair in Names(critics.Parameters).Zip(TargetNames(shared))
        let moved = Polyak.Step(shared.Part(pair.Second), critics.Parameters.Part(pair.First), polyakStep)
        from entry in moved.Entries().Under(pair.Second)
        select entry;

    static IEnumerable<string> Names(TensorGroup group) => Present(group.Layout, "critic");

    static IEnumerable<string> TargetNames(TensorGroup group) => Present(group.Layout, "targetCritic");

    static IEnumerable<string> Present(Layout layout, string name) =>
        Enumerable.Range(1, int.MaxValue).Select(i => $"{name}{i}").TakeWhile(each => layout.Contains($"{each}/w0"));
}
