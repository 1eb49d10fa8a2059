using System.Collections.Immutable;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Files.Layouts;

/// <summary>The rows of one episode: where they are in their array, and where among all rows.</summary>
/// <param name="From">Its first row in the array.</param>
/// <param name="Start">Its first row among all episodes'.</param>
readonly record struct EpisodeSpan(long From, long Start, int Length)
{
    internal long Last => Start + Length - 1;
}

/// <summary>Rows of episodes, with gaps between them, joined.</summary>
sealed class EpisodeRows
{
    internal EpisodeRows(IEnumerable<(long From, int Length)> episodes)
    {
        var all = ImmutableArray.CreateBuilder<EpisodeSpan>();
        foreach (var (from, length) in episodes.Where(episode => episode.Length > 0))
        {
            all.Add(new(from, Count, length));
            Count += length;
        }
        Spans = all.ToImmutable();
    }

    /// <summary>Episodes with rows.</summary>
    internal ImmutableArray<EpisodeSpan> Spans { get; }
    /// <summary>N.</summary>
    internal long Count { get; }

    /// <summary>Rows first … first + count − 1 of an array, from so many rows further on.</summary>
    /// <remarks>What lies between is read too, so that consecutive pieces read a packed array once.</remarks>
    internal Array Read(IArrayFile file, string name, long shift, long first, int count)
    {
        var pieces = Pieces(first, count).ToList();
        var from = pieces[0].From;
        var read = file.Read(name, from + shift, checked((int)(pieces[^1].From + pieces[^1].Length - from)));
        if (read.Shape[0] == count) return read.Values;
        var width = (int)ArrayData.Count(read.Shape.Skip(1));
        return Join(count * width, pieces.Select(piece =>
            (read.Values, (piece.From - from) * width, piece.At * width, piece.Length * width)));
    }

    /// <summary>The same, of arrays that each hold one episode.</summary>
    /// <param name="read">Rows of an episode: its index, first row and count.</param>
    internal Array Read(Func<int, long, int, ArrayData> read, long first, int count)
    {
        var pieces = Pieces(first, count).Select(piece => (Read: read(piece.Episode,
            piece.From - Spans[piece.Episode].From, piece.Length), piece.At, piece.Length)).ToList();
        var width = (int)ArrayData.Count(pieces[0].Read.Shape.Skip(1));
        foreach (var (array, _, length) in pieces)
            if (array.Values.Length != length * width) throw new InvalidDataException(
                $"'{array.Name}': expected {width} numbers a step, as in other episodes, " +
                $"got {array.Values.Length / length}. Write the file again.");
        return Join(count * width, pieces.Select(piece =>
            (piece.Read.Values, 0L, piece.At * width, piece.Length * width)));
    }

    /// <summary>Whether each row is its episode's last.</summary>
    internal bool[] Ends(long first, int count)
    {
        var ends = new bool[count];
        foreach (var piece in Pieces(first, count))
        {
            var last = piece.At + piece.Length - 1;
            ends[last] = first + last == Spans[piece.Episode].Last;
        }
        return ends;
    }

    /// <summary>The episodes that hold these rows: their first row in the array, length, place in the result.</summary>
    internal IEnumerable<(int Episode, long From, int Length, int At)> Pieces(long first, int count)
    {
        var (low, high) = (0, Spans.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Spans[middle].Start <= first) low = middle;
            else high = middle - 1;
        }
        for (var (at, i) = (0, low); at < count; i++)
        {
            var skipped = first + at - Spans[i].Start;
            var length = (int)Math.Min(count - at, Spans[i].Length - skipped);
            yield return (i, Spans[i].From + skipped, length, at);
            at += length;
        }
    }

    static Array Join(int length, IEnumerable<(Array Values, long From, int At, int Length)> pieces)
    {
        Array? joined = null;
        foreach (var (values, from, at, count) in pieces)
        {
            joined ??= Array.CreateInstance(values.GetType().GetElementType()!, length);
            Array.Copy(values, from, joined, at, count);
        }
        return joined!;
    }
}
