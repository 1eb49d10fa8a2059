using System.Text;

namespace Iql;

/// <summary>A splittable, counter-based source of randomness: word i of seed h is a pure function of (h, i), so any
/// draw can be made again, in any order, on any thread. The splitmix64 stream (Steele, Lea and Flood 2014).</summary>
/// <param name="Value">h, any 64-bit number.</param>
public readonly record struct Seed(ulong Value)
{
    const ulong Golden = 0x9E3779B97F4A7C15UL;

    /// <summary>The seed of a name: FNV-1a-64 of its UTF-8 bytes.</summary>
    public static Seed Named(string name) => new(Hash(14695981039346656037UL, name));
    /// <summary>An independent seed for one purpose ("initial parameters", "sampling", "evaluation" …).</summary>
    public Seed Split(string purpose) => new(Mix(Hash(Mix(Value + Golden), purpose)));
    /// <summary>An independent seed for item number <paramref name="index"/>, a word of another stream.</summary>
    public Seed Split(ulong index) => new(new Seed(Mix(Value + Golden)).Word(index));
    /// <summary>Word number i: 64 uniform bits.</summary>
    public ulong Word(ulong i) => Mix(Value + (i + 1) * Golden);
    /// <summary>Number i of the uniform stream, in [0, 1), a multiple of 2⁻⁵³.</summary>
    public double Unit(ulong i) => (Word(i) >> 11) * (1.0 / (1UL << 53));
    /// <summary>Number i of the uniform stream on [−bound, bound).</summary>
    public double Uniform(ulong i, double bound) => (2.0 * Unit(i) - 1.0) * bound;
    /// <summary>Integer i of the uniform stream on [0, count): the high half of a 64 × 64 bit product.</summary>
    public int Below(ulong i, int count) => (int)Math.BigMul(Word(i), (ulong)count, out _);
    /// <summary>The same for a count beyond 2³¹: equal counts give equal integers.</summary>
    public long Below(ulong i, long count) => (long)Math.BigMul(Word(i), (ulong)count, out _);

    /// <summary>Number i of the standard normal stream: Box and Muller's cosine on words 2i and 2i + 1.</summary>
    public double Normal(ulong i) =>
        Math.Sqrt(-2.0 * Math.Log(1.0 - Unit(2 * i))) * Math.Cos(6.283185307179586 * Unit(2 * i + 1));

    /// <summary>The seed as a whole number below 2⁵³, exact as a double: how a graph takes it as a scalar.</summary>
    public double AsScalar() => Value >> 11;

    static ulong Hash(ulong start, string text)
    {
        foreach (var b in Encoding.UTF8.GetBytes(text)) start = (start ^ b) * 1099511628211UL;
        return start;
    }

    static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
