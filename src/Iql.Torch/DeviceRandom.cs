namespace Iql.Torch;

/// <summary>The numbers of <see cref="Seed"/>, word by word, in 64-bit integers on the device: the same bits as on the
/// processor. A run's key is the seed's value after its splits.</summary>
sealed class DeviceRandom : IDisposable
{
    const ulong Golden = 0x9E3779B97F4A7C15UL;

    static readonly TorchOp
        shift = new("bitwise_right_shift", "Tensor"), and = new("bitwise_and", "Tensor"),
        xor = new("bitwise_xor", "Tensor"), multiply = new("mul", "Tensor"), expand = new("expand"),
        scatterAdd = new("scatter_add"), to = new("to", "dtype"), reshape = new("reshape"), log = new("log"),
        sqrt = new("sqrt"), cos = new("cos");

    readonly Dictionary<ulong, nint> wholes = [];
    readonly Dictionary<double, nint> numbers = [];
    readonly List<nint> kept = [];

    /// <summary>Uniform numbers on [0, 1): word i of each run's key. The source is the keys, [R, 1].</summary>
    public Kernel Uniform(long[] shape, NumberType type, Place place)
    {
        var words = Words(shape, place, i => (ulong)i);
        return new(sources => Shaped(Unit(sources[0], words), shape, type), 17);
    }

    /// <summary>Standard normal numbers: Box and Muller's cosine on words 2i and 2i + 1 of each run's key.</summary>
    public Kernel Normal(long[] shape, NumberType type, Place place)
    {
        Steps even = Words(shape, place, i => 2 * (ulong)i), odd = Words(shape, place, i => 2 * (ulong)i + 1);
        nint one = Number(1), minusTwo = Number(-2), turn = Number(6.283185307179586);
        return new(sources =>
        {
            using var scope = new Scope();
            nint u = scope.Own(Unit(sources[0], even)), v = scope.Own(Unit(sources[0], odd));
            var logarithm = scope.Own(Handles.Call(log, scope.Own(Handles.Subtract(one, u, 1))));
            var radius = scope.Own(Handles.Call(sqrt, scope.Own(Handles.Call(multiply, logarithm, minusTwo))));
            var angle = scope.Own(Handles.Call(multiply, v, turn));
            var cosine = scope.Own(Handles.Call(cos, angle));
            return Shaped(Handles.Call(multiply, radius, cosine), shape, type);
        }, 40);
    }

    /// <summary>What is added to each run's key, (i + 1) · golden for the words wanted, and where: both [R, count].
    /// </summary>
    readonly record struct Steps(long[] Shape, nint Numbers, nint Columns);

    Steps Words(long[] shape, Place place, Func<long, ulong> word)
    {
        var count = shape[1..].Aggregate(1L, (product, extent) => product * extent);
        ulong[] numbers = new ulong[count], columns = new ulong[count];
        for (var i = 0L; i < count; i++) (numbers[i], columns[i]) = (unchecked((word(i) + 1) * Golden), (ulong)i);
        long[] whole = [shape[0], count];
        return new(whole, Stretched(numbers), Stretched(columns));

        nint Stretched(ulong[] values)
        {
            var row = Keep(Handles.Upload<ulong>(values, [1, count], NumberType.Int64, place));
            return Keep(Handles.Call(expand, Handles.Argument(row), Handles.Argument(whole), 0));
        }
    }

    nint Unit(nint keys, Steps words)
    {
        using var scope = new Scope();
        // The C interface adds with a factor that is no whole number. Each number has a column of its own.
        var wide = scope.Own(Handles.Call(expand, Handles.Argument(keys), Handles.Argument(words.Shape), 0));
        var z = scope.Own(Handles.Call(scatterAdd, Handles.Argument(wide), 1, Handles.Argument(words.Columns),
            Handles.Argument(words.Numbers)));
        z = scope.Own(Mixed(z, 30, 0xBF58476D1CE4E5B9UL));
        z = scope.Own(Mixed(z, 27, 0x94D049BB133111EBUL));
        z = scope.Own(Handles.Call(xor, z, scope.Own(Shifted(z, 31))));
        var top = scope.Own(Shifted(z, 11));
        var exact = scope.Own(Handles.Call(to, Handles.Argument(top), (ulong)(uint)Handles.Code(NumberType.Float64),
            0, 0, 0));
        return Handles.Call(multiply, exact, Number(1.0 / (1UL << 53)));
    }

    nint Mixed(nint z, int bits, ulong factor)
    {
        using var scope = new Scope();
        var folded = scope.Own(Handles.Call(xor, z, scope.Own(Shifted(z, bits))));
        return Handles.Call(multiply, folded, Whole(factor));
    }

    // Without the sign, which libtorch's shift copies.
    nint Shifted(nint z, int bits)
    {
        using var scope = new Scope();
        return Handles.Call(and, scope.Own(Handles.Call(shift, z, Whole((ulong)bits))), Whole(ulong.MaxValue >> bits));
    }

    static nint Shaped(nint numbers, long[] shape, NumberType type)
    {
        using var scope = new Scope();
        var typed = scope.Own(Handles.Call(to, Handles.Argument(scope.Own(numbers)),
            (ulong)(uint)Handles.Code(type), 0, 0, 0));
        return Handles.Call(reshape, Handles.Argument(typed), Handles.Argument(shape));
    }

    nint Whole(ulong number) =>
        wholes.TryGetValue(number, out var known) ? known : wholes[number] = Keep(Handles.Whole(number));

    nint Number(double number) => numbers.TryGetValue(number, out var known) ? known
        : numbers[number] = Keep(Handles.Number(number, NumberType.Float64));

    nint Keep(nint handle)
    {
        kept.Add(handle);
        return handle;
    }

    /// <summary>Gives the constants back.</summary>
    public void Dispose()
    {
        foreach (var handle in kept) Handles.Free(handle);
        kept.Clear();
    }

    /// <summary>Handles that are freed when a computation ends.</summary>
    ref struct Scope()
    {
        readonly List<nint> handles = [];

        public nint Own(nint handle)
        {
            handles.Add(handle);
            return handle;
        }

        public void Dispose()
        {
            foreach (var handle in handles) Handles.Free(handle);
        }
    }
}
