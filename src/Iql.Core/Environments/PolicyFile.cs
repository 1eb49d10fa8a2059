using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Iql.Environments;

/// <summary>A policy trained elsewhere, as plain numbers: NAME.json lists tensors (name, shape, offset in floats), the
/// activation of hidden layers and the kind of output; NAME.f32 holds little-endian float32. A multilayer perceptron
/// from an observation to a mean and perhaps a standard deviation.</summary>
/// <remarks>Tensors: W0, b0, W1, b1, … hidden layers, [out, in] and [out]; Wmu, bmu the mean; logstd [A], or Wlogstd,
/// blogstd, clipped to logstd_clip; obs_mean, obs_std shift and scale the observation, then clipped to ± obs_clip.
/// Output "tanh_squashed_gaussian" squashes the draw, "gaussian_clipped_to_unit_box" clips it.</remarks>
public sealed class PolicyFile
{
    readonly Layer[] hidden;
    readonly Layer mean;
    readonly Layer? spread;
    readonly float[]? logStd, shift, scale;
    readonly float observationLimit = float.PositiveInfinity, minLogStd = -20, maxLogStd = 2;
    readonly bool relu, squashes;

    /// <summary>Reads a policy.</summary>
    /// <param name="path">NAME.json.</param>
    /// <exception cref="InvalidDataException">A part is missing or of another shape; the message names it.</exception>
    public PolicyFile(string path)
    {
        Path = path;
        var bytes = File.ReadAllBytes(System.IO.Path.ChangeExtension(path, ".f32"));
        var numbers = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        using var document = Parse(path);
        var root = document.RootElement;
        if (root.TryGetProperty("time_feature", out var time) && time.ValueKind == JsonValueKind.True)
            throw Wrong("a policy of the observation alone", "one that is told the time (time_feature)");
        relu = Word(root, "hidden_activation", "relu", "tanh") == "relu";
        const string squashed = "tanh_squashed_gaussian";
        squashes = Word(root, "output", squashed, "gaussian_clipped_to_unit_box") == squashed;
        var tensors = Tensors(root, numbers);
        hidden = [.. Enumerable.Range(0, 16).TakeWhile(i => tensors.ContainsKey($"W{i}"))
            .Select(i => Layer.Of(tensors, $"W{i}", $"b{i}", Wrong))];
        mean = Layer.Of(tensors, "Wmu", "bmu", Wrong);
        if (tensors.ContainsKey("Wlogstd")) spread = Layer.Of(tensors, "Wlogstd", "blogstd", Wrong);
        logStd = tensors.GetValueOrDefault("logstd").Numbers;
        (shift, scale) = (tensors.GetValueOrDefault("obs_mean").Numbers, tensors.GetValueOrDefault("obs_std").Numbers);
        if (root.TryGetProperty("obs_clip", out var clip) && clip.ValueKind == JsonValueKind.Number)
            observationLimit = clip.GetSingle();
        if (root.TryGetProperty("logstd_clip", out var bounds))
            (minLogStd, maxLogStd) = (bounds[0].GetSingle(), bounds[1].GetSingle());
    }

    /// <summary>Where it was read.</summary>
    public string Path { get; }
    /// <summary>S.</summary>
    public int ObservationSize => (hidden.Length > 0 ? hidden[0] : mean).Inputs;
    /// <summary>A.</summary>
    public int ActionSize => mean.Outputs;

    /// <summary>A policy that acts in several episodes at a time.</summary>
    /// <param name="draws">Whether actions are drawn; else they are the mean.</param>
    public IRolloutPolicy Actor(int episodes, bool draws) => new Acting(this, episodes, draws);

    /// <summary>The action for an observation.</summary>
    /// <param name="observation"><c>[S]</c>.</param>
    /// <param name="action">Written, [A], within ±1.</param>
    /// <param name="noise">Standard normal numbers, [A]; empty takes the mean.</param>
    public void Act(ReadOnlySpan<float> observation, Span<float> action, ReadOnlySpan<float> noise)
    {
        Span<float> input = stackalloc float[Math.Max(observation.Length, 512)],
            output = stackalloc float[input.Length];
        for (var i = 0; i < observation.Length; i++)
            input[i] = shift is null ? observation[i]
                : Math.Clamp((observation[i] - shift[i]) / scale![i], -observationLimit, observationLimit);
        var width = observation.Length;
        foreach (var layer in hidden)
        {
            layer.Apply(input[..width], output);
            width = layer.Outputs;
            foreach (ref var x in output[..width]) x = relu ? Math.Max(x, 0) : MathF.Tanh(x);
            var before = input;
            input = output;
            output = before;
        }
        mean.Apply(input[..width], action);
        if (noise.Length > 0) spread?.Apply(input[..width], output);
        for (var i = 0; i < action.Length; i++)
        {
            if (noise.Length > 0)
            {
                var log = spread is not null ? output[i] : logStd is not null ? logStd[i] : float.NegativeInfinity;
                if (!float.IsNegativeInfinity(log)) log = Math.Clamp(log, minLogStd, maxLogStd);
                action[i] += MathF.Exp(log) * noise[i];
            }
            action[i] = squashes ? MathF.Tanh(action[i]) : Math.Clamp(action[i], -1, 1);
        }
    }

    static JsonDocument Parse(string path)
    {
        try { return JsonDocument.Parse(File.ReadAllText(path)); }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: expected a policy's description as JSON, {error.Message}", error);
        }
    }

    Dictionary<string, (int[] Shape, float[] Numbers)> Tensors(JsonElement root, float[] numbers)
    {
        if (!root.TryGetProperty("tensors", out var listed)) throw Wrong("a list of tensors", "none");
        var tensors = new Dictionary<string, (int[], float[])>();
        foreach (var tensor in listed.EnumerateArray())
        {
            int[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32())];
            var (name, offset) = (tensor.GetProperty("name").GetString()!, tensor.GetProperty("offset").GetInt32());
            var count = shape.Aggregate(1, (product, extent) => product * extent);
            if (offset < 0 || offset + count > numbers.Length)
                throw Wrong($"{count} numbers of {name} from number {offset} on",
                    $"{numbers.Length} numbers in all in {System.IO.Path.GetFileNameWithoutExtension(Path)}.f32");
            tensors[name] = (shape, numbers[offset..(offset + count)]);
        }
        return tensors;
    }

    string Word(JsonElement root, string name, params string[] known)
    {
        var word = root.TryGetProperty(name, out var value) ? value.GetString() : null;
        return known.Contains(word) ? word! : throw Wrong($"{name} {string.Join(" or ", known)}", word ?? "none");
    }

    InvalidDataException Wrong(string expected, string got) => new($"{Path}: expected {expected}, got {got}.");

    /// <summary>y = W x + b.</summary>
    sealed record Layer(float[] Weights, float[] Bias, int Inputs)
    {
        internal int Outputs => Bias.Length;

        internal static Layer Of(Dictionary<string, (int[] Shape, float[] Numbers)> tensors,
            string weights, string bias, Func<string, string, InvalidDataException> wrong)
        {
            if (!tensors.TryGetValue(weights, out var w) || !tensors.TryGetValue(bias, out var b))
                throw wrong($"tensors {weights} and {bias}", "none of one of them");
            if (w.Shape.Length != 2 || w.Shape[0] != b.Numbers.Length || w.Shape[0] > 512)
                throw wrong($"{weights} of {b.Numbers.Length} rows, at most 512", string.Join(" × ", w.Shape));
            return new(w.Numbers, b.Numbers, w.Shape[1]);
        }

        internal void Apply(ReadOnlySpan<float> x, Span<float> y)
        {
            for (var row = 0; row < Bias.Length; row++)
            {
                var weights = Weights.AsSpan(row * Inputs, Inputs);
                var (sum, i) = (Vector<float>.Zero, 0);
                for (; i <= Inputs - Vector<float>.Count; i += Vector<float>.Count)
                    sum += new Vector<float>(weights[i..]) * new Vector<float>(x[i..]);
                var total = Vector.Sum(sum) + Bias[row];
                for (; i < Inputs; i++) total += weights[i] * x[i];
                y[row] = total;
            }
        }
    }

    sealed class Acting(PolicyFile policy, int episodes, bool draws) : IRolloutPolicy
    {
        public int Episodes => episodes;

        public PolicyEpisodes Begin(Seed seed)
        {
            var (noise, decision) = (draws ? new float[policy.ActionSize] : [], 0);
            return (running, observations, _, actions) =>
            {
                for (var row = 0; row < running.Length; row++)
                {
                    var own = seed.Split((ulong)running[row]);
                    for (var i = 0; i < noise.Length; i++)
                        noise[i] = (float)own.Normal((ulong)(decision * noise.Length + i));
                    policy.Act(observations.Slice(row * policy.ObservationSize, policy.ObservationSize),
                        actions.Slice(row * policy.ActionSize, policy.ActionSize), noise);
                }
                decision++;
            };
        }

        public void Dispose()
        {
        }
    }
}
