namespace Iql.Graph;

/// <summary>What a node computes. A new op: a line here, in Gradient, in Interpreter and in the kernels.</summary>
public enum Op
{
    // Leaves
    Input, Constant,

    // Elementwise, one source
    Negate, Exp, Log, Sqrt, Square, Reciprocal, Abs, Sign, Floor, Relu, Tanh, Sigmoid, Softplus, Sin, Cos, Erf,
    StopGradient,

    // Elementwise, two sources; comparisons give 1 or 0. NaN in either source of Minimum and Maximum gives NaN
    Add, Subtract, Multiply, Divide, Minimum, Maximum, Less, LessOrEqual, Equal,

    // Elementwise, three sources: first != 0 ? second : third
    Where,

    // Contraction over the last axis of the first and the second-last axis of the second source
    MatMul,

    // Over one axis, which stays with extent 1
    Sum, Max,

    // Moving numbers
    Reshape, Transpose, Broadcast, Concat, Slice, Pad, Gather, ScatterAdd,

    // Random numbers from (seed, counter)
    RandomUniform, RandomNormal,
}

/// <summary>Properties of ops, as sets.</summary>
public static class Ops
{
    /// <summary>One number out of one number (one source).</summary>
    public static bool IsUnary(this Op op) => op is >= Op.Negate and <= Op.StopGradient;
    /// <summary>Every op that works number by number, with broadcasting.</summary>
    public static bool IsElementwise(this Op op) => op is >= Op.Negate and <= Op.Where;

    /// <summary>Functions of many operations a number; kernels call them.</summary>
    public static bool IsCostly(this Op op) =>
        op is Op.Exp or Op.Log or Op.Tanh or Op.Sigmoid or Op.Softplus or Op.Sin or Op.Cos or Op.Erf;

    /// <summary>Sum and Max.</summary>
    public static bool IsReduction(this Op op) => op is Op.Sum or Op.Max;
    /// <summary>Order of the two sources does not matter.</summary>
    public static bool IsCommutative(this Op op) => op is Op.Add or Op.Multiply or Op.Minimum or Op.Maximum or Op.Equal;
}
