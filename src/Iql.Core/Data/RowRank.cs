using System.Numerics;

namespace Iql.Data;

/// <summary>Finds the k-th marked row among billions: a bit a row, and a running count every eight words.</summary>
sealed class RowRank
{
    const int Block = 8;
    readonly ulong[] words;
    readonly long[] before;

    internal RowRank(ulong[] words)
    {
        this.words = words;
        before = new long[(words.Length + Block - 1) / Block];
        for (var i = 0; i < words.Length; i++)
        {
            if (i % Block == 0) before[i / Block] = Count;
            Count += BitOperations.PopCount(words[i]);
        }
    }

    /// <summary>Marked rows.</summary>
    internal long Count { get; }

    /// <summary>The row of the k-th mark, 0 ≤ k &lt; Count.</summary>
    internal long Row(long k)
    {
        int low = 0, high = before.Length - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (before[middle] <= k) low = middle;
            else high = middle - 1;
        }
        var left = (int)(k - before[low]);
        var word = low * Block;
        for (int here; (here = BitOperations.PopCount(words[word])) <= left; word++) left -= here;
        var bits = words[word];
        for (; left > 0; left--) bits &= bits - 1;
        return word * 64L + BitOperations.TrailingZeroCount(bits);
    }
}
