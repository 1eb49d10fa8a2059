namespace Iql.Data;

/// <summary>Finds NaN and infinity in a column of numbers.</summary>
static class Finite
{
    /// <summary>The first entry that is NaN or infinite; −1 without one.</summary>
    internal static int FirstNonFinite(ReadOnlySpan<float> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
            if (!float.IsFinite(numbers[i])) return i;
        return -1;
    }

    /// <summary>Throws with row and column of the first number that is not finite.</summary>
    /// <param name="file">The numbers' file, or null for an argument.</param>
    internal static void Require(
        ReadOnlySpan<float> numbers, int columns, string name, string? file = null, long firstRow = 0)
    {
        var i = FirstNonFinite(numbers);
        if (i < 0) return;
        var message = Message(numbers[i], firstRow + i / columns, i % columns, name);
        throw file == null ? new InputException(message) : new FileException($"{file}: {message}");
    }

    /// <summary>"rewards: expected finite numbers, got NaN in row 3, column 0. …"</summary>
    internal static string Message(float number, long row, int column, string name) =>
        FormattableString.Invariant($"{name}: expected finite numbers, got {number} in row {row}, column {column}. ") +
        "Remove or correct that row; one such number spreads to every parameter in a few steps.";
}
