using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Iql.Data;

/// <summary>Immutable rows side by side at a 64-byte boundary, in native memory or in a mapped file.</summary>
sealed unsafe class RowTable
{
    readonly void* memory;
    readonly MemoryMappedViewAccessor? view;
    readonly Lazy<RowRank> nextActions;
    int loads;

    /// <summary>A copy of transitions.</summary>
    internal RowTable(Transitions transitions)
    {
        (Count, Layout) = (transitions.Count, new(transitions.ObservationSize, transitions.ActionSize));
        Stride = Layout.Stride;
        memory = AlignedMemory.Uncleared(Count * Stride);
        Start = (float*)memory;
        for (var row = 0; row < transitions.Count; row++) Layout.Write(new(Row(row), Stride), transitions, row);
        nextActions = new(() =>
        {
            var words = new ulong[(Count + 63) / 64];
            for (var row = 0; row < transitions.Count; row++)
                if (transitions.HasNextAction(row)) words[row / 64] |= 1UL << (row % 64);
            return new(words);
        });
    }

    /// <summary>Rows of a mapped file, followed by a bit a row that says whether the next action is known.</summary>
    internal RowTable(MemoryMappedViewAccessor view, long offset, long count, RowLayout layout, bool readAhead)
    {
        (Count, Layout, Stride, this.view) = (count, layout, layout.Stride, view);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Start = (float*)(start + offset);
        if (readAhead) MemoryAdvice.Random(start, offset + count * layout.Bytes);
        Paging = readAhead && MemoryAdvice.Works;
        nextActions = new(() =>
        {
            var words = new ulong[(Count + 63) / 64];
            for (var i = 0; i < words.Length; i++) words[i] = ((ulong*)Row(Count))[i];
            return new(words);
        });
    }

    /// <summary>N.</summary>
    internal long Count { get; }
    /// <summary>Columns of a row.</summary>
    internal RowLayout Layout { get; }
    /// <summary>Floats from one row to the next.</summary>
    internal int Stride { get; }
    /// <summary>The first row.</summary>
    internal float* Start { get; }
    /// <summary>Whether rows may come from a disk and can be requested.</summary>
    internal bool Paging { get; }
    /// <summary>A row by its unchecked index.</summary>
    internal float* Row(long index) => Start + (nint)index * Stride;
    /// <summary>Which rows have a next action.</summary>
    internal RowRank NextActions => nextActions.Value;

    /// <summary>Starts, once, to read the whole file in the background, if memory can hold it: a disk reads 20 GB in
    /// sequence in the time that it takes for a few percent of the rows one by one.</summary>
    internal void LoadIfItFits()
    {
        var bytes = Count * Layout.Bytes;
        if (!Paging || Interlocked.Exchange(ref loads, 1) == 1 || bytes / 7 * 8 > AvailableMemory.Bytes()) return;
        new Thread(() =>
        {
            // Linux takes no more of one advice than its read-ahead, by default 128 KiB.
            const int piece = 1 << 17;
            for (var at = 0L; at < bytes; at += piece)
                MemoryAdvice.Soon((byte*)Start + at, Math.Min(piece, bytes - at));
            GC.KeepAlive(this);
        })
        { IsBackground = true, Priority = ThreadPriority.BelowNormal, Name = "row file" }.Start();
    }

    ~RowTable()
    {
        AlignedMemory.Free(memory, Count * Stride);
        // The view's handle may be gone already at the end of the process.
        if (view is { SafeMemoryMappedViewHandle.IsClosed: false }) view.SafeMemoryMappedViewHandle.ReleasePointer();
    }
}
