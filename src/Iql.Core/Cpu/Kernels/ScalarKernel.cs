using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Cpu.Kernels;

/// <summary>One scalar computed in double precision, and its operands.</summary>
readonly record struct ScalarValue(Op Op, int Slot, ScalarSource A, ScalarSource B, ScalarSource C);

/// <summary>A scalar operand: a slot, or when that is negative the float at a place.</summary>
readonly record struct ScalarSource(int Slot, Address Address)
{
    public unsafe double In(in KernelContext context) => Slot >= 0 ? context.Scalars[Slot] : *Address.In(context);
}

/// <summary>Ops on single numbers, in double precision, in order, by one worker.</summary>
sealed unsafe class ScalarKernel(ImmutableArray<ScalarValue> values, ImmutableArray<(int Slot, Address Address)> stores)
    : IKernel
{
    public int Units => 1;

    public void Run(in KernelContext context, int first, int last)
    {
        foreach (var value in values)
            context.Scalars[value.Slot] =
                Interpreter.Apply(value.Op, value.A.In(context), value.B.In(context), value.C.In(context));
        foreach (var (slot, address) in stores) *address.In(context) = (float)context.Scalars[slot];
    }
}
