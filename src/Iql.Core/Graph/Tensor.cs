using System.Collections.Immutable;

namespace Iql.Graph;

/// <summary>A symbolic tensor: an immutable node that says what to compute, not a block of numbers. Losses, networks
/// and training steps are functions from Tensor to Tensor. <c>Gradient</c> differentiates them, <c>Interpreter</c>
/// defines their meaning, the compiler runs them.</summary>
/// <remarks>Scalars (rank 0) that depend on scalar inputs alone are computed in double precision.</remarks>
public sealed partial class Tensor
{
    internal Tensor(Op op, ImmutableArray<Tensor> sources, Shape shape,
        double number = 0, string name = "", ImmutableArray<int> integers = default)
    {
        Op = op;
        Sources = sources;
        Shape = shape;
        Number = number;
        Name = name;
        Integers = integers.IsDefault ? [] : integers;
    }

    /// <summary>What this node computes.</summary>
    public Op Op { get; }
    /// <summary>What it computes it from.</summary>
    public ImmutableArray<Tensor> Sources { get; }
    /// <summary>Its extents.</summary>
    public Shape Shape { get; }
    /// <summary>Constant: its value.</summary>
    public double Number { get; }
    /// <summary>Input: its name, "block/entry" or a bare scalar name.</summary>
    public string Name { get; }

    /// <summary>MatMul: (transpose first, transpose second) as 0 or 1. Sum, Max, Concat: the axis. Transpose: the
    /// permutation. Slice: axis, start. Pad: axis, zeros before. ScatterAdd: number of rows. Random: the stream number.
    /// Else empty.</summary>
    public ImmutableArray<int> Integers { get; }

    /// <summary>A named input: bound to memory when the graph runs.</summary>
    public static Tensor Input(string name, Shape shape) => new(Op.Input, [], shape, name: name);
    /// <summary>A named scalar input, held in double precision: a hyperparameter, the step number, a seed.</summary>
    public static Tensor Scalar(string name) => Input(name, Shape.Scalar);
    /// <summary>A number.</summary>
    public static Tensor Constant(double number) => new(Op.Constant, [], Shape.Scalar, number);
    /// <summary>A number stands for its constant.</summary>
    public static implicit operator Tensor(double number) => Constant(number);

    // This node on other sources.
    internal Tensor On(ImmutableArray<Tensor> sources, Shape? shape = null) =>
        shape is null && sources.SequenceEqual(Sources) ? this
            : new(Op, sources, shape ?? Shape, Number, Name, Integers);

    /// <summary>"Add [256, 3]"</summary>
    public override string ToString() => Op switch
    {
        Op.Input => $"{Name} {Shape}",
        Op.Constant => FormattableString.Invariant($"{Number}"),
        _ => $"{Op} {Shape}",
    };
}
