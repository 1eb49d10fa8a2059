using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Iql.Algorithms;

/// <summary>Widths of hidden layers, equal by value: [256, 256] is 256x256. None makes a network linear.</summary>
[CollectionBuilder(typeof(Widths), nameof(Create))]
public readonly struct Widths(IEnumerable<int> sizes)
    : IReadOnlyList<int>, IEquatable<Widths>, IHyperparameterValue<Widths>
{
    readonly ImmutableArray<int> sizes = [.. sizes];

    /// <summary>For collection expressions.</summary>
    public static Widths Create(ReadOnlySpan<int> sizes) => new(sizes.ToArray());

    // The time to compile grows with the cube of the layers: 50 take 4 seconds, 200 minutes.
    const int MostLayers = 64;

    public static string Expected => $"widths such as 256x256, at most {MostLayers} of them, or linear";

    public static bool TryParse(string word, out Widths value)
    {
        var widths = word == "linear" ? [] : word.Split('x', ',').Select(NumberText.Whole).ToArray();
        value = new(widths.Select(width => width ?? 0));
        return widths.Length <= MostLayers && widths.All(width => width >= 1);
    }

    public int Count => Sizes.Length;
    public int this[int index] => Sizes[index];
    public IEnumerator<int> GetEnumerator() => Sizes.AsEnumerable().GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    public bool Equals(Widths other) => Sizes.AsSpan().SequenceEqual(other.Sizes.AsSpan());
    public override bool Equals([NotNullWhen(true)] object? other) => other is Widths widths && Equals(widths);
    public override int GetHashCode() => Sizes.Aggregate(Count, HashCode.Combine);
    public override string ToString() => Count == 0 ? "linear" : string.Join('x', Sizes);
    ImmutableArray<int> Sizes => sizes.IsDefault ? [] : sizes;
}
