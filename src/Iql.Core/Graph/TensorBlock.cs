using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Iql.Graph;

/// <summary>Numbers for the entries of a layout, in one aligned block of native memory. Mutable, one owner.</summary>
/// <remarks>The memory goes with the block: hold the block as long as a span of it is in use.</remarks>
public sealed unsafe class TensorBlock : IDisposable
{
    float* pointer;

    /// <summary>A block of zeros.</summary>
    public TensorBlock(Layout layout)
    {
        Layout = layout;
        pointer = AlignedMemory.Floats(Floats);
    }

    /// <summary>Names, shapes, places.</summary>
    public Layout Layout { get; }

    /// <summary>The whole block, padding included.</summary>
    public Span<float> Storage => new(Pointer, Layout.Length);

    // One vector of slack at the end: a tile may read, never write, past the last row.
    long Floats => Layout.Length + 64;

    internal float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(pointer == null, this);
            return pointer;
        }
    }

    /// <summary>One row of one tensor, without its padding.</summary>
    public Span<float> Row(Layout.Entry entry, int row)
    {
        Check.That((uint)row < (uint)entry.Rows, entry.Name, $"a row below {entry.Rows}", row);
        return Storage.Slice(entry.Offset + row * entry.Stride, entry.Columns);
    }

    /// <summary>A dense row-major copy of one tensor.</summary>
    public float[] Read(string name)
    {
        var entry = Layout[name];
        var dense = new float[entry.Shape.Count];
        for (var row = 0; row < entry.Rows; row++) Row(entry, row).CopyTo(dense.AsSpan(row * entry.Columns));
        GC.KeepAlive(this);
        return dense;
    }

    /// <summary>Sets one tensor from dense row-major numbers.</summary>
    public void Write(string name, ReadOnlySpan<float> dense)
    {
        var entry = Layout[name];
        Check.That(dense.Length == entry.Shape.Count, name,
            $"{entry.Shape.Count} numbers for {entry.Shape}", dense.Length);
        for (var row = 0; row < entry.Rows; row++)
            dense.Slice(row * entry.Columns, entry.Columns).CopyTo(Row(entry, row));
        GC.KeepAlive(this);
    }

    /// <summary>Copies all numbers into a block of the same shapes.</summary>
    public void CopyTo(TensorBlock destination)
    {
        Check.That(destination.Layout.Length == Layout.Length,
            nameof(destination), $"a block of {Layout.Length} floats", destination.Layout.Length);
        Storage.CopyTo(destination.Storage);
        GC.KeepAlive(this);
        GC.KeepAlive(destination);
    }

    /// <summary>Copies entries, or all, to a block of the same layout by non-temporal stores. Ordinary stores fetch
    /// cache lines that another core has read: 432 lines between far cores took 21 to 24 µs, these 1.3.</summary>
    internal void StreamTo(TensorBlock destination, ImmutableArray<Layout.Entry>? entries = null)
    {
        float* from = Pointer, to = destination.Pointer;
        foreach (var entry in entries ?? Layout.Entries)
            for (int i = entry.Offset, end = i + Layout.PaddedLength(entry.Shape); i < end; i += Vector512<float>.Count)
                Vector512.LoadAligned(from + i).StoreAlignedNonTemporal(to + i);
        // Non-temporal stores are unordered.
        if (Sse.IsSupported) Sse.StoreFence();
        GC.KeepAlive(this);
        GC.KeepAlive(destination);
    }

    /// <summary>A block of its own with the same numbers.</summary>
    public TensorBlock Clone()
    {
        var copy = new TensorBlock(Layout);
        CopyTo(copy);
        return copy;
    }

    /// <summary>Whether every tensor, without padding, has the same bits as in another block of the layout.</summary>
    public bool SameBits(TensorBlock other) => Layout.Entries.All(entry =>
        MemoryMarshal.AsBytes(Read(entry.Name).AsSpan())
            .SequenceEqual(MemoryMarshal.AsBytes(other.Read(entry.Name).AsSpan())));

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    void Free()
    {
        if (pointer != null) AlignedMemory.Free(pointer, Floats);
        pointer = null;
    }

    /// <summary>Gives the memory back without <see cref="Dispose"/>.</summary>
    ~TensorBlock() => Free();
}
