using System.Runtime.InteropServices;

namespace Iql.Torch;

/// <summary>An op of libtorch by its name, "aten::mul", and overload, "Tensor". One object an op; the names stay in
/// native memory.</summary>
sealed class TorchOp(string name, string overload = "")
{
    /// <summary>The name, ended by a zero.</summary>
    public nint Name { get; } = Marshal.StringToCoTaskMemUTF8("aten::" + name);

    /// <summary>The overload, ended by a zero.</summary>
    public nint Overload { get; } = Marshal.StringToCoTaskMemUTF8(overload);

    /// <summary>As libtorch writes it.</summary>
    public override string ToString() => overload == "" ? $"aten::{name}" : $"aten::{name}.{overload}";
}
