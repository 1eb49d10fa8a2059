using System.Text.Json.Serialization;

namespace Iql;

/// <summary>Whether actions are numbers or choices.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ActionKind>))]
public enum ActionKind
{
    /// <summary>A numbers, each meant to lie in [−1, 1].</summary>
    Continuous,
    /// <summary>One of A choices, 0 … A − 1.</summary>
    Discrete,
}

/// <summary>An action: A numbers, or one of A choices. Both are rows of A floats. A choice is a one-hot row, so Q(s, a)
/// and ln π(a|s) of the data's action are sums of products with it.</summary>
/// <param name="Kind">Numbers or choices.</param>
/// <param name="Size">A: numbers in an action, or choices there are.</param>
public readonly record struct ActionSpace(ActionKind Kind, int Size)
{
    /// <summary>The maximum number of choices in a file's column of integers: a larger number is no action's.</summary>
    public const int MostChoices = 4096;
    /// <summary>Actions of A numbers.</summary>
    public static ActionSpace Continuous(int size) => new(ActionKind.Continuous, size);
    /// <summary>One of A choices.</summary>
    public static ActionSpace Discrete(int size) => new(ActionKind.Discrete, size);
    /// <summary>Whether actions are choices.</summary>
    public bool IsDiscrete => Kind == ActionKind.Discrete;
    /// <summary>"4 discrete actions", "actions of 3 numbers"</summary>
    public override string ToString() => IsDiscrete ? $"{Size} discrete actions" : $"actions of {Size} numbers";

    /// <summary>"11 numbers per observation and 3 per action", "4 numbers per observation and 2 discrete
    /// actions"</summary>
    /// <param name="observationSize">S.</param>
    public string Beside(int observationSize) => $"{observationSize} numbers per observation and "
        + (IsDiscrete ? $"{this}" : $"{Size} per action");

    /// <summary>The choice of a row: the index of its largest number, the first of equal ones.</summary>
    /// <param name="row"><c>[A]</c>, one-hot or values of the choices.</param>
    public static int Choice(ReadOnlySpan<float> row)
    {
        var best = 0;
        for (var i = 1; i < row.Length; i++)
            if (row[i] > row[best]) best = i;
        return best;
    }

    /// <summary>Writes a choice as a one-hot row, [A].</summary>
    public static void Write(int choice, Span<float> row)
    {
        row.Clear();
        row[choice] = 1;
    }

    /// <summary>The first row that is not one-hot, −1 where all are.</summary>
    /// <param name="rows"><c>[N, A]</c>, row-major.</param>
    /// <param name="size">A.</param>
    internal static int FirstViolation(ReadOnlySpan<float> rows, int size)
    {
        for (var row = 0; (row + 1) * (long)size <= rows.Length; row++)
        {
            var ones = 0;
            foreach (var number in rows.Slice(row * size, size))
            {
                if (number == 1) ones++;
                else if (number != 0) ones = 2;
            }
            if (ones != 1) return row;
        }
        return -1;
    }
}
