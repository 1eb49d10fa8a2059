using System.Collections.Immutable;

namespace Iql.Graph;

/// <summary>The places of named tensors in one flat block of floats. Axes of extent 1 are dropped. Where two axes or
/// more are left, rows (the last axis) are padded to a multiple of 16 floats; every tensor starts on a multiple of 16.
/// So a kernel never meets a ragged vector. The contents of padding mean nothing.</summary>
public sealed class Layout
{
    readonly Dictionary<string, int> places = [];

    /// <summary>One tensor's place. Offset and Stride (floats from row to row) are in floats.</summary>
    public readonly record struct Entry(string Name, Shape Shape, int Offset)
    {
        /// <summary>Entries of a row, the last axis that is not 1.</summary>
        public int Columns => RowLength(Shape);
        /// <summary>Number of rows.</summary>
        public int Rows => Shape.Count / Columns;
        /// <summary>Floats from one row to the next.</summary>
        public int Stride => RowStride(Shape);
    }

    /// <summary>Floats between tensors: one page. A core that reads a tensor to its end also fetches the memory behind
    /// it; where another core writes there, both wait.</summary>
    internal const int Apart = 1024;

    /// <summary>A layout of tensors in the given order.</summary>
    public Layout(string name, IEnumerable<(string Name, Shape Shape)> tensors)
    {
        Name = name;
        var entries = ImmutableArray.CreateBuilder<Entry>();
        var offset = 0L;
        foreach (var (entry, shape) in tensors)
        {
            places.Add(entry, entries.Count);
            entries.Add(new(entry, shape, (int)offset));
            offset += PaddedLength(shape) + Apart;
            Check.That(offset <= int.MaxValue, name, $"a block of at most {int.MaxValue} numbers", offset,
                "Choose a smaller batch, fewer episodes or narrower layers.");
        }
        Entries = entries.ToImmutable();
        Length = (int)offset;
    }

    /// <summary>The block's name; its tensors enter a graph as "name/entry".</summary>
    public string Name { get; }
    /// <summary>The tensors, in order.</summary>
    public ImmutableArray<Entry> Entries { get; }
    /// <summary>Floats in the block.</summary>
    public int Length { get; }
    /// <summary>Whether there is an entry of this name.</summary>
    public bool Contains(string name) => places.ContainsKey(name);

    /// <summary>The place of one tensor.</summary>
    public Entry this[string name] => Entries[IndexOf(name)];

    internal int IndexOf(string name) => places.TryGetValue(name, out var index) ? index
        : throw new InputException($"{Name}: expected one of {string.Join(", ", places.Keys)}, got {name}.");

    /// <summary>Whether tensors of the same shapes lie in the same places. Allocates nothing.</summary>
    public bool Fits(Layout other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (Entries.Length != other.Entries.Length) return false;
        for (var i = 0; i < Entries.Length; i++)
            if (Entries[i].Shape != other.Entries[i].Shape) return false;
        return true;
    }

    /// <summary>Whether names, shapes and places are the same. Allocates nothing.</summary>
    public bool IsSame(Layout other) =>
        ReferenceEquals(this, other) || Entries.AsSpan().SequenceEqual(other.Entries.AsSpan());

    /// <summary>Graph inputs for every entry.</summary>
    public TensorGroup Inputs() =>
        new(this, [.. Entries.Select(entry => Tensor.Input($"{Name}/{entry.Name}", entry.Shape))]);

    /// <summary>Length of a row: the last extent that is not 1.</summary>
    public static int RowLength(Shape shape)
    {
        for (var i = shape.Rank - 1; i >= 0; i--)
            if (shape[i] != 1) return shape[i];
        return 1;
    }

    /// <summary>Floats from one row to the next: padded to 16 when there is more than one row.</summary>
    public static int RowStride(Shape shape)
    {
        var columns = RowLength(shape);
        return columns == shape.Count ? columns : Pad16(columns);
    }

    /// <summary>Floats a tensor takes, a multiple of 16.</summary>
    public static int PaddedLength(Shape shape)
    {
        var length = (long)(shape.Count / RowLength(shape)) * RowStride(shape);
        Check.That(length <= int.MaxValue - 15, "shape", $"a tensor of at most {int.MaxValue - 15} padded numbers",
            length, "Choose a smaller batch, fewer episodes or narrower layers.");
        return Pad16((int)length);
    }

    static int Pad16(int count) => (count + 15) & ~15;
}

/// <summary>Symbolic tensors for the entries of a layout: a block while tracing.</summary>
public sealed class TensorGroup
{
    /// <summary>One tensor per entry, of the entry's shape.</summary>
    public TensorGroup(Layout layout, ImmutableArray<Tensor> tensors)
    {
        Check.That(
            layout.Entries.Length == tensors.Length, layout.Name, $"{layout.Entries.Length} tensors", tensors.Length);
        foreach (var (entry, tensor) in layout.Entries.Zip(tensors))
            Check.That(
                entry.Shape == tensor.Shape, $"{layout.Name}/{entry.Name}", $"shape {entry.Shape}", tensor.Shape);
        Layout = layout;
        Tensors = tensors;
    }

    /// <summary>Names, shapes, places.</summary>
    public Layout Layout { get; }
    /// <summary>In the layout's order.</summary>
    public ImmutableArray<Tensor> Tensors { get; }

    /// <summary>The tensor of one name.</summary>
    public Tensor this[string name] => Tensors[Layout.IndexOf(name)];

    /// <summary>This group with some tensors replaced.</summary>
    public TensorGroup With(IEnumerable<(string Name, Tensor Tensor)> replacements)
    {
        var byName = replacements.ToDictionary(pair => pair.Name, pair => pair.Tensor);
        var group = new TensorGroup(
            Layout, [.. Layout.Entries.Select((entry, i) => byName.Remove(entry.Name, out var t) ? t : Tensors[i])]);
        Check.That(byName.Count == 0, Layout.Name, "names of its layout", string.Join(", ", byName.Keys));
        return group;
    }
}
