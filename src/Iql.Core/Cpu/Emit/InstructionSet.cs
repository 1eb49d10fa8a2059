using System.Runtime.Intrinsics;

namespace Iql.Cpu.Emit;

/// <summary>Which vectors the kernels are written with; the value is the number of floats in one.</summary>
public enum InstructionSet
{
    /// <summary>One float at a time: runs anywhere.</summary>
    Scalar = 1,
    /// <summary>Four floats: NEON of Arm, or SSE of processors before AVX2.</summary>
    Vector128 = 4,
    /// <summary>Eight floats (AVX2 with FMA).</summary>
    Vector256 = 8,
    /// <summary>Sixteen floats (AVX-512).</summary>
    Vector512 = 16,
}

/// <summary>Chooses the widest vectors of this machine, once.</summary>
public static class InstructionSets
{
    /// <summary>The environment variable that forces a path: scalar, vector128, vector256 or vector512.</summary>
    public const string Variable = "IQL_INSTRUCTIONS";

    /// <summary>Every path this machine runs in hardware.</summary>
    public static IReadOnlyList<InstructionSet> Available { get; } =
        [.. Enum.GetValues<InstructionSet>().Where(IsAvailable)];

    // Lazy, since an exception in a static constructor would hide its message.
    static readonly Lazy<InstructionSet> chosen = new(() => Choose(Environment.GetEnvironmentVariable(Variable)));

    /// <summary>The forced path, or the widest that this machine runs in hardware.</summary>
    /// <exception cref="ArgumentException">The variable holds another word, or a path of other machines.</exception>
    public static InstructionSet Default => chosen.Value;

    internal static InstructionSet Choose(string? forced)
    {
        if (string.IsNullOrEmpty(forced)) return Available.Max();
        var known = Enum.TryParse<InstructionSet>(forced, ignoreCase: true, out var path) && Enum.IsDefined(path);
        Check.That(known, Variable, "scalar, vector128, vector256 or vector512", forced);
        Check.That(IsAvailable(path), Variable, $"one of {string.Join(", ", Available)} on this machine", forced);
        return path;
    }

    static bool IsAvailable(InstructionSet path) => path switch
    {
        InstructionSet.Vector512 => Vector512.IsHardwareAccelerated,
        InstructionSet.Vector256 => Vector256.IsHardwareAccelerated,
        InstructionSet.Vector128 => Vector128.IsHardwareAccelerated,
        _ => true,
    };
}
