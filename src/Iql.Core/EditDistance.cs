namespace Iql;

/// <summary>How far words are from each other.</summary>
public static class EditDistance
{
    /// <summary>Edits (insert, drop, replace, swap neighbours) that make one word into another.</summary>
    public static int Of(string a, string b)
    {
        var edits = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) edits[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) edits[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                edits[i, j] = Math.Min(replace, 1 + Math.Min(edits[i - 1, j], edits[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
            }
        return edits[a.Length, b.Length];
    }

    /// <summary>" Did you mean …?" where a known name has a third of other letters at most, or begins alike.</summary>
    internal static string DidYouMean(IEnumerable<string> known, string word)
    {
        const int longest = 60;
        var best = known.Where(name => name.Length <= longest && word.Length <= longest).Select(name => (Name: name,
            Edits: Plain(name).StartsWith(Plain(word), StringComparison.Ordinal) ? 0 : Of(Plain(name), Plain(word))))
            .OrderBy(pair => pair.Edits).FirstOrDefault();
        return best.Name is { } near && best.Edits < word.Length && best.Edits <= Math.Max(1, word.Length / 3)
            ? $" Did you mean '{near}'?" : "";

        static string Plain(string text) =>
            string.Concat(text.ToLowerInvariant().Where(char.IsLetterOrDigit));
    }
}
