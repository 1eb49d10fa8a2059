using System.Collections.Immutable;
using System.Reflection.Emit;
using Iql.Graph;

namespace Iql.Cpu.Emit;

/// <summary>Where a value of a fused loop comes from.</summary>
enum LoopSource { Vector, PerRow, Slot, Constant, Apply }

/// <summary>One value of a fused loop. Vector: pointer A, a number for every entry. PerRow: pointer A, a number for
/// every row. Slot: the double in slot A. Constant: Number. Apply: an op on values A, B, C.</summary>
readonly record struct LoopValue(LoopSource Source, int A, Op Op = Op.Constant, int B = 0, int C = 0,
    double Number = 0);

/// <summary>A chain of elementwise ops over a block of rows and columns, in registers between its loads and stores.
/// Stores write value → pointer. Row reductions write one number a row, or with <paramref name="AddsUp"/>, for a row
/// that comes in pieces, add whole vectors to a vector a row.</summary>
sealed record LoopProgram(
    ImmutableArray<LoopValue> Values, ImmutableArray<(int Value, int Pointer)> Stores,
    ImmutableArray<(int Value, Op Op, int Pointer)> Reductions, int Pointers, bool AddsUp = false)
{
    /// <summary>Values that are the same for every row.</summary>
    public ImmutableArray<int> Invariants =>
        [.. Enumerable.Range(0, Values.Length).Where(i => Values[i].Source is LoopSource.Slot or LoopSource.Constant)];
}

/// <summary>Runs a program on rows × columns entries. pointers[k] is the first entry, strides[k] the floats from row to
/// row. Without reductions the last vector of a row may run into the row's padding.</summary>
unsafe delegate void FusedLoop(float** pointers, nint* strides, double* scalars, nint rows, nint columns);

/// <summary>Emits a program as machine code: one loop, everything in registers.</summary>
sealed class LoopEmitter<S, V>(LoopAssembler<S> il, VectorEmitter<S, V> vector, LoopProgram program)
    where S : ISimd<V> where V : struct
{
    readonly LocalBuilder[] sums = program.AddsUp ? [] : il.Locals(program.Reductions.Length, typeof(V)),
        steps = il.Locals(vector.Rows.Length, typeof(nint));
    readonly LocalBuilder row = il.Integer(), offset = il.Integer(), end = il.Integer();

    public static FusedLoop Emit(LoopProgram program)
    {
        var il = new LoopAssembler<S>("FusedLoop",
            typeof(float**), typeof(nint*), typeof(double*), typeof(nint), typeof(nint));
        return new LoopEmitter<S, V>(il, new(il, program), program).Emit();
    }

    FusedLoop Emit()
    {
        for (var k = 0; k < steps.Length; k++)
        {
            il.Argument(0); il.Add(k * sizeof(long)); il.ReadPointer(); il.Put(vector.Rows[k]);
            il.Argument(1); il.Add(k * sizeof(long)); il.ReadPointer();
            il.Multiply(sizeof(float)); il.Put(steps[k]);
        }
        vector.PutInvariants(() => il.Argument(2));

        // Reductions must not count padding: whole vectors first, then a masked rest.
        il.Argument(4);
        if (sums.Length > 0) il.And(-S.Width);
        il.Multiply(sizeof(float)); il.Put(end);

        il.Loop(row, () => il.Argument(3), 1, () =>
        {
            StartRow();
            il.Loop(offset, () => il.Get(end), sizeof(float) * S.Width, () => Body(mask: null));
            vector.FinishRow();
            if (sums.Length > 0) FinishRow();
            for (var k = 0; k < steps.Length; k++)
            {
                il.Get(vector.Rows[k]); il.Get(steps[k]); il.Add(); il.Put(vector.Rows[k]);
            }
        });
        return il.Return<FusedLoop>();
    }

    void StartRow()
    {
        vector.StartRow();
        for (var i = 0; i < sums.Length; i++) { Identity(program.Reductions[i].Op); il.Put(sums[i]); }
    }

    void Body(LocalBuilder? mask)
    {
        vector.Body(() => il.Get(offset));
        for (var i = 0; i < sums.Length; i++)
        {
            var (value, op, _) = program.Reductions[i];
            il.Get(sums[i]);
            if (mask is not null) il.Get(mask);
            vector.Get(value);
            if (mask is not null) { Identity(op); il.Call(nameof(ISimd<V>.Select)); }
            il.Call(VectorEmitter<S, V>.Operation(op == Op.Sum ? Op.Add : Op.Maximum));
            il.Put(sums[i]);
        }
    }

    void FinishRow()
    {
        var done = il.Label();
        LocalBuilder mask = il.Local(typeof(V)), rest = il.Integer();
        il.Argument(4); il.Get(end); il.Divide(sizeof(float)); il.Subtract(); il.Put(rest);
        il.Get(rest); il.JumpIfZero(done);
        il.Get(rest); il.Call(nameof(ISimd<V>.LanesBelow)); il.Put(mask);
        Body(mask);
        il.Mark(done);
        for (var i = 0; i < sums.Length; i++)
        {
            var (_, op, pointer) = program.Reductions[i];
            il.Get(vector.Rows[pointer]); il.Get(sums[i]);
            il.Call(op == Op.Sum ? nameof(ISimd<V>.SumLanes) : nameof(ISimd<V>.MaxLanes));
            il.WriteFloat();
        }
    }

    void Identity(Op op) => vector.Number(op == Op.Sum ? 0f : float.NegativeInfinity);
}
