using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Cpu.Kernels;

/// <summary>One scalar computed in double precision, and the place of its float where somebody wants one in memory.</summary>
readonly record struct ScalarValue(Op Op, int Slot, ScalarSource A, ScalarSource B, ScalarSource C);

/// <summary>A scalar operand: a slot, or when that is negative the float at a place.</summary>
readonly record struct ScalarSource(int Slot, Place Place)
{
    public unsafe double In(in Frame frame) => Slot >= 0 ? frame.Slots[Slot] : *Place.In(frame);
}

/// <summary>Ops on single numbers, in double precision, in order, by one worker.</summary>
sealed unsafe class ScalarKernel(ImmutableArray<ScalarValue> values, ImmutableArray<(int Slot, Place Place)> stores) : IKernel
{
    public int Units => 1;

    public void Run(in Frame frame, int first, int last)
    {
        foreach (var value in values)
            frame.Slots[value.Slot] = Interpreter.Apply(value.Op, value.A.In(frame), value.B.In(frame), value.C.In(frame));
        foreach (var (slot, place) in stores) *place.In(frame) = (float)frame.Slots[slot];
    }
}
