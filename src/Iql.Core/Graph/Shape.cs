using System.Collections.Immutable;

namespace Iql.Graph;

/// <summary>The extents of a tensor, outermost first. Shape letters of this project: B batch, S observation size, A
/// action size, H hidden, N dataset rows, R runs. The empty shape is a scalar.</summary>
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>Numbers of the largest tensor: 4 GB.</summary>
    public const int Most = 1 << 30;

    readonly ImmutableArray<int> extents;

    /// <summary>A shape of the given extents, each at least 1.</summary>
    public Shape(params ReadOnlySpan<int> extents)
    {
        foreach (var extent in extents)
            Check.That(extent >= 1, "shape", "extents of at least 1", $"[{string.Join(", ", extents.ToArray())}]");
        var count = 1.0;
        foreach (var extent in extents) count *= extent;
        // Rows are padded, so that a little less than an int's numbers fit.
        Check.That(count <= Most, "shape", $"a tensor of at most {Most:N0} numbers", count,
            "Choose a smaller batch, fewer episodes or narrower layers.");
        this.extents = [.. extents];
    }

    /// <summary>A shape of the given extents, as any sequence: Shape.Of [ 256; 3 ] in F#.</summary>
    public static Shape Of(IEnumerable<int> extents) => new([.. extents]);
    /// <summary>The shape [].</summary>
    public static Shape Scalar => default;
    /// <summary>The extents, outermost first.</summary>
    public ImmutableArray<int> Extents => extents.IsDefault ? [] : extents;
    /// <summary>Number of axes.</summary>
    public int Rank => Extents.Length;
    /// <summary>Extent of one axis; −1 is the last.</summary>
    public int this[int axis] => Extents[axis < 0 ? axis + Rank : axis];

    /// <summary>Number of entries.</summary>
    public int Count
    {
        get
        {
            var product = 1;
            foreach (var extent in Extents) product = checked(product * extent);
            return product;
        }
    }

    /// <summary>The axis counted from the front; throws when there is none.</summary>
    public int Axis(int axis)
    {
        Check.That(axis >= -Rank && axis < Rank, nameof(axis), $"an axis of {this}", axis);
        return axis < 0 ? axis + Rank : axis;
    }

    // All axes but the last two.
    internal Shape Lead => new(Extents.AsSpan()[..^2]);

    /// <summary>This shape with one extent replaced.</summary>
    public Shape With(int axis, int extent)
    {
        var copy = Extents.ToArray();
        copy[Axis(axis)] = extent;
        return new(copy);
    }

    /// <summary>The shape of an elementwise result: align at the last axis, extent 1 stretches (NumPy).</summary>
    public static Shape Broadcast(Shape a, Shape b, string what)
    {
        var extents = new int[Math.Max(a.Rank, b.Rank)];
        for (var i = 1; i <= extents.Length; i++)
        {
            int x = i <= a.Rank ? a[^i] : 1, y = i <= b.Rank ? b[^i] : 1;
            Check.That(x == y || x == 1 || y == 1, what,
                "two shapes that broadcast (equal extents or 1, aligned at the last axis)", $"{a} and {b}");
            extents[^i] = Math.Max(x, y);
        }
        return new(extents);
    }

    int this[Index index] => Extents[index];

    /// <summary>Entry by entry equality.</summary>
    public bool Equals(Shape other) => Extents.AsSpan().SequenceEqual(other.Extents.AsSpan());
    public override bool Equals(object? other) => other is Shape shape && Equals(shape);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var extent in Extents) hash.Add(extent);
        return hash.ToHashCode();
    }

    /// <summary><c>[256, 3]</c></summary>
    public override string ToString() => $"[{string.Join(", ", Extents)}]";

    /// <summary>Same extents.</summary>
    public static bool operator ==(Shape a, Shape b) => a.Equals(b);
    /// <summary>Other extents.</summary>
    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);
}
