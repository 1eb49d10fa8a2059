using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using Iql.Graph;

namespace Iql.Cpu.Emit;

/// <summary>Where a value of a fused loop comes from.</summary>
enum LoopSource { Vector, PerRow, Slot, Constant, Apply }

/// <summary>
/// One value of a fused loop. Vector: pointer A, a number for every entry. PerRow: pointer A, a number for every row. Slot:
/// the double in slot A. Constant: Number. Apply: an op on values A, B, C.
/// </summary>
readonly record struct LoopValue(LoopSource Source, int A, Op Op = Op.Constant, int B = 0, int C = 0, double Number = 0);

/// <summary>
/// A chain of elementwise ops over a block of rows and columns that leaves registers only to load what it needs and store
/// what is asked for. Stores write value → pointer; row reductions write one number a row, or where
/// <paramref name="AddsUp"/> says so add whole vectors to one a row, for a row that comes in pieces.
/// </summary>
sealed record LoopProgram(
    ImmutableArray<LoopValue> Values,
    ImmutableArray<(int Value, int Pointer)> Stores,
    ImmutableArray<(int Value, Op Op, int Pointer)> Reductions,
    int Pointers,
    bool AddsUp = false);

/// <summary>
/// Runs a program on rows × columns entries. pointers[k] is the first entry, strides[k] the floats from row to row. Without
/// reductions the last vector of a row may run into the row's padding.
/// </summary>
unsafe delegate void FusedLoop(float** pointers, nint* strides, double* slots, nint rows, nint columns);

/// <summary>Emits a program as machine code: one loop, everything in registers.</summary>
static class LoopEmitter
{
    public static FusedLoop Emit<S, V>(LoopProgram program) where S : ISimd<V> where V : struct => new Writer<S, V>(program).Emit();

    sealed class Writer<S, V>(LoopProgram program) where S : ISimd<V> where V : struct
    {
        readonly DynamicMethod method = new("FusedLoop", typeof(void),
            [typeof(float**), typeof(nint*), typeof(double*), typeof(nint), typeof(nint)], typeof(LoopEmitter).Module, skipVisibility: true);

        ILGenerator il = null!;
        VectorEmitter<S, V> vector = null!;
        LocalBuilder[] steps = [], sums = [];
        LocalBuilder offset = null!, end = null!;

        public FusedLoop Emit()
        {
            il = method.GetILGenerator();
            vector = new(il, program);
            steps = [.. vector.Rows.Select(_ => il.DeclareLocal(typeof(nint)))];
            sums = program.AddsUp ? [] : [.. program.Reductions.Select(_ => il.DeclareLocal(typeof(V)))];
            offset = il.DeclareLocal(typeof(nint));
            end = il.DeclareLocal(typeof(nint));
            var row = il.DeclareLocal(typeof(nint));

            for (var k = 0; k < vector.Rows.Length; k++)
            {
                LoadArgument(0, k, sizeof(long));
                il.Emit(OpCodes.Ldind_I);
                il.Emit(OpCodes.Stloc, vector.Rows[k]);
                LoadArgument(1, k, sizeof(long));
                il.Emit(OpCodes.Ldind_I);
                il.Emit(OpCodes.Ldc_I4_4);
                il.Emit(OpCodes.Mul);
                il.Emit(OpCodes.Stloc, steps[k]);
            }
            foreach (var value in VectorEmitter<S, V>.Invariants(program))
            {
                vector.Invariant(value, () => il.Emit(OpCodes.Ldarg_2));
                vector.Put(value);
            }

            // Reductions must not count padding: whole vectors first, then a masked rest.
            il.Emit(OpCodes.Ldarg_S, (byte)4);
            if (sums.Length > 0) { il.Emit(OpCodes.Ldc_I4, -S.Width); il.Emit(OpCodes.Conv_I); il.Emit(OpCodes.And); }
            il.Emit(OpCodes.Ldc_I4_4);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Mul);
            il.Emit(OpCodes.Stloc, end);

            Loop(row, () => il.Emit(OpCodes.Ldarg_3), 1, () =>
            {
                StartRow();
                Loop(offset, () => il.Emit(OpCodes.Ldloc, end), 4 * S.Width, () => Body(mask: null));
                vector.FinishRow();
                if (sums.Length > 0) FinishRow();
                for (var k = 0; k < steps.Length; k++)
                {
                    il.Emit(OpCodes.Ldloc, vector.Rows[k]);
                    il.Emit(OpCodes.Ldloc, steps[k]);
                    il.Emit(OpCodes.Add);
                    il.Emit(OpCodes.Stloc, vector.Rows[k]);
                }
            });
            il.Emit(OpCodes.Ret);
            return method.CreateDelegate<FusedLoop>();
        }

        void StartRow()
        {
            vector.StartRow();
            for (var i = 0; i < sums.Length; i++)
            {
                Identity(program.Reductions[i].Op);
                il.Emit(OpCodes.Stloc, sums[i]);
            }
        }

        void Body(LocalBuilder? mask)
        {
            vector.Body(() => il.Emit(OpCodes.Ldloc, offset));
            for (var i = 0; i < sums.Length; i++)
            {
                var (value, op, _) = program.Reductions[i];
                il.Emit(OpCodes.Ldloc, sums[i]);
                if (mask is not null) il.Emit(OpCodes.Ldloc, mask);
                vector.Get(value);
                if (mask is not null)
                {
                    Identity(op);
                    VectorEmitter<S, V>.Primitive(il, nameof(ISimd<V>.Select));
                }
                il.Emit(OpCodes.Call, VectorEmitter<S, V>.Operation(op == Op.Sum ? Op.Add : Op.Maximum));
                il.Emit(OpCodes.Stloc, sums[i]);
            }
        }

        void FinishRow()
        {
            var done = il.DefineLabel();
            var mask = il.DeclareLocal(typeof(V));
            var rest = il.DeclareLocal(typeof(nint));
            il.Emit(OpCodes.Ldarg_S, (byte)4);
            il.Emit(OpCodes.Ldloc, end);
            il.Emit(OpCodes.Ldc_I4_4);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Div);
            il.Emit(OpCodes.Sub);
            il.Emit(OpCodes.Stloc, rest);
            il.Emit(OpCodes.Ldloc, rest);
            il.Emit(OpCodes.Brfalse, done);
            il.Emit(OpCodes.Ldloc, rest);
            VectorEmitter<S, V>.Primitive(il, nameof(ISimd<V>.LanesBelow));
            il.Emit(OpCodes.Stloc, mask);
            Body(mask);
            il.MarkLabel(done);
            for (var i = 0; i < sums.Length; i++)
            {
                var (_, op, pointer) = program.Reductions[i];
                il.Emit(OpCodes.Ldloc, vector.Rows[pointer]);
                il.Emit(OpCodes.Ldloc, sums[i]);
                VectorEmitter<S, V>.Primitive(il, op == Op.Sum ? nameof(ISimd<V>.SumLanes) : nameof(ISimd<V>.MaxLanes));
                il.Emit(OpCodes.Stind_R4);
            }
        }

        void Identity(Op op)
        {
            il.Emit(OpCodes.Ldc_R4, op == Op.Sum ? 0f : float.NegativeInfinity);
            VectorEmitter<S, V>.Primitive(il, nameof(ISimd<V>.Splat));
        }

        void LoadArgument(short argument, int index, int size)
        {
            il.Emit(OpCodes.Ldarg_S, (byte)argument);
            il.Emit(OpCodes.Ldc_I4, index * size);
            il.Emit(OpCodes.Add);
        }

        // for (counter = 0; counter < limit; counter += step) body
        void Loop(LocalBuilder counter, Action limit, int step, Action body)
        {
            Label top = il.DefineLabel(), test = il.DefineLabel();
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Conv_I);
            il.Emit(OpCodes.Stloc, counter);
            il.Emit(OpCodes.Br, test);
            il.MarkLabel(top);
            body();
            il.Emit(OpCodes.Ldloc, counter);
            il.Emit(OpCodes.Ldc_I4, step);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stloc, counter);
            il.MarkLabel(test);
            il.Emit(OpCodes.Ldloc, counter);
            limit();
            il.Emit(OpCodes.Blt, top);
        }
    }
}
