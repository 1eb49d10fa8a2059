using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Iql.Environments;

/// <summary>The numbers of a <see cref="PolicyFile"/>. All parts fit each other, and all numbers are finite.</summary>
sealed record PolicyNetwork(PolicyLayer[] Hidden, PolicyLayer Mean, PolicyLayer? Spread, float[]? LogStd,
    float[]? Shift, float[]? Scale, float ObservationLimit, float MinLogStd, float MaxLogStd, bool Relu, bool Squashes)
{
    const int MostLayers = 16, Widest = 512, MostInputs = 4096;

    internal int ObservationSize => (Hidden.Length > 0 ? Hidden[0] : Mean).Inputs;

    /// <summary>Reads NAME.json and NAME.f32.</summary>
    /// <exception cref="FileException">A part is missing or of another shape; the message names it.</exception>
    internal static PolicyNetwork Read(string path) => Reading.Of(path, "a policy's description as JSON", () =>
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Reading.Small(path)), Reading.Json);
        return new Reader(path, json.RootElement).Read();
    });

    sealed class Reader(string path, JsonElement root)
    {
        readonly string numbersPath = Path.ChangeExtension(path, ".f32");

        internal PolicyNetwork Read()
        {
            if (root.ValueKind != JsonValueKind.Object) throw Wrong("an object", $"{root.ValueKind}");
            if (root.TryGetProperty("time_feature", out var time) && time.ValueKind == JsonValueKind.True)
                throw Wrong("a policy of the observation alone", "one that is told the time (time_feature)");
            const string squashed = "tanh_squashed_gaussian";
            var relu = Word("hidden_activation", "relu", "tanh") == "relu";
            var squashes = Word("output", squashed, "gaussian_clipped_to_unit_box") == squashed;
            var tensors = Tensors();
            var hidden = Enumerable.Range(0, MostLayers).TakeWhile(i => tensors.ContainsKey($"W{i}"))
                .Select(i => Layer(tensors, $"W{i}", $"b{i}")).ToArray();
            string[] known = [.. hidden.SelectMany((_, i) => (string[])[$"W{i}", $"b{i}"]),
                "Wmu", "bmu", "Wlogstd", "blogstd", "logstd", "obs_mean", "obs_std"];
            if (tensors.Keys.Except(known).FirstOrDefault() is { } other)
                throw Wrong($"tensors {string.Join(", ", known)}", $"'{other}'");
            var mean = Layer(tensors, "Wmu", "bmu");
            var spread = tensors.ContainsKey("Wlogstd") ? Layer(tensors, "Wlogstd", "blogstd") : null;
            foreach (var (layer, next) in hidden.Zip([.. hidden.Skip(1), mean]))
                if (layer.Outputs != next.Inputs)
                    throw Wrong($"a layer of {layer.Outputs} inputs behind one of {layer.Outputs} outputs",
                        $"{next.Inputs} inputs");
            if (spread is not null && (spread.Inputs, spread.Outputs) != (mean.Inputs, mean.Outputs))
                throw Wrong($"Wlogstd of the shape of Wmu, [{mean.Outputs}, {mean.Inputs}]",
                    $"[{spread.Outputs}, {spread.Inputs}]");
            var observations = (hidden.Length > 0 ? hidden[0] : mean).Inputs;
            if (observations > MostInputs) throw Wrong($"at most {MostInputs} inputs", $"{observations}");
            var (shift, scale) = (Vector("obs_mean", observations), Vector("obs_std", observations));
            if (shift is null != scale is null) throw Wrong("both obs_mean and obs_std, or neither", "one of them");
            var (low, high) = root.TryGetProperty("logstd_clip", out var bounds)
                ? (bounds[0].GetSingle(), bounds[1].GetSingle()) : (-20f, 2f);
            if (!(low <= high)) throw Wrong("logstd_clip in ascending order", $"{low}, {high}");
            var limit = root.TryGetProperty("obs_clip", out var clip) && clip.ValueKind != JsonValueKind.Null
                ? clip.GetSingle() : float.PositiveInfinity;
            if (!(limit > 0)) throw Wrong("obs_clip above 0", $"{limit}");
            return new(hidden, mean, spread, Vector("logstd", mean.Outputs), shift, scale, limit, low, high, relu,
                squashes);

            float[]? Vector(string name, int size) => !tensors.TryGetValue(name, out var found) ? null
                : found.Numbers.Length == size ? found.Numbers
                : throw Wrong($"{size} numbers of {name}", $"{found.Numbers.Length}");
        }

        Dictionary<string, (long[] Shape, float[] Numbers)> Tensors()
        {
            if (!root.TryGetProperty("tensors", out var listed)) throw Wrong("a list of tensors", "none");
            var numbers = MemoryMarshal.Cast<byte, float>(
                Reading.Of(numbersPath, "the numbers of a policy", () => File.ReadAllBytes(numbersPath)));
            var tensors = new Dictionary<string, (long[], float[])>();
            var taken = 0L;
            foreach (var tensor in listed.EnumerateArray())
            {
                long[] shape = [.. tensor.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
                var (name, offset) = (tensor.GetProperty("name").GetString()!, tensor.GetProperty("offset").GetInt64());
                if (shape.FirstOrDefault(extent => extent < 1, 1) is < 1 and var odd)
                    throw Wrong($"{name} of extents of at least 1", $"{odd}");
                var count = shape.Aggregate(1L, (product, extent) => checked(product * extent));
                if (offset < 0 || count > numbers.Length || offset > numbers.Length - count)
                    throw Wrong($"{count} numbers of {name} from number {offset} on",
                        $"{numbers.Length} numbers in all in {Path.GetFileName(numbersPath)}");
                if ((taken += count) > numbers.Length)
                    throw Wrong($"tensors of different numbers, {numbers.Length} in all", "some twice");
                var own = numbers.Slice((int)offset, (int)count).ToArray();
                if (own.FirstOrDefault(number => !float.IsFinite(number)) is var number && !float.IsFinite(number))
                    throw Wrong($"finite numbers of {name}", FormattableString.Invariant($"{number}"));
                if (!tensors.TryAdd(name, (shape, own))) throw Wrong("tensors of different names", $"{name} twice");
            }
            return tensors;
        }

        PolicyLayer Layer(Dictionary<string, (long[] Shape, float[] Numbers)> tensors, string weights, string bias)
        {
            if (!tensors.TryGetValue(weights, out var w) || !tensors.TryGetValue(bias, out var b))
                throw Wrong($"tensors {weights} and {bias}", "none of one of them");
            if (w.Shape.Length != 2 || w.Shape[0] != b.Numbers.Length || w.Shape[0] > Widest)
                throw Wrong($"{weights} of {b.Numbers.Length} rows, at most {Widest}", string.Join(" × ", w.Shape));
            return new(w.Numbers, b.Numbers, (int)w.Shape[1]);
        }

        string Word(string name, params string[] known)
        {
            var word = root.TryGetProperty(name, out var value) ? value.GetString() : null;
            return known.Contains(word) ? word! : throw Wrong($"{name} {string.Join(" or ", known)}", word ?? "none");
        }

        InvalidDataException Wrong(string expected, string got) => new(
            $"{path}: expected {expected}, got {got}. Write the policy again.");
    }
}

/// <summary>y = W x + b.</summary>
sealed record PolicyLayer(float[] Weights, float[] Bias, int Inputs)
{
    internal int Outputs => Bias.Length;

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
