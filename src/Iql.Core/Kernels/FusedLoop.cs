using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using Iql.Graph;

namespace Iql.Kernels;

/// <summary>Where a value of a fused loop comes from.</summary>
enum LoopSource { Vector, PerRow, Slot, Constant, Apply }

/// <summary>
/// One value of a fused loop. Vector: pointer A, a number for every entry. PerRow: pointer A, a number for every row. Slot:
/// the double in slot A. Constant: Number. Apply: an op on values A, B, C.
/// </summary>
readonly record struct LoopValue(LoopSource Source, int A, Op Op = Op.Constant, int B = 0, int C = 0, double Number = 0);

/// <summary>
/// A chain of elementwise ops over a block of rows and columns that leaves registers only to load what it needs and store
/// what is asked for. Stores write value → pointer; row reductions write one number a row.
/// </summary>
sealed record LoopProgram(
    ImmutableArray<LoopValue> Values,
    ImmutableArray<(int Value, int Pointer)> Stores,
    ImmutableArray<(int Value, Op Op, int Pointer)> Reductions,
    int Pointers);

/// <summary>
/// Runs a program on rows × columns entries. pointers[k] is the first entry, strides[k] the floats from row to row. Without
/// reductions the last vector of a row may run into the row's padding.
/// </summary>
unsafe delegate void FusedLoop(float** pointers, nint* strides, double* slots, nint rows, nint columns);

/// <summary>Emits a program as machine code: one loop, everything in registers. The JIT inlines <see cref="VectorOps{S, V}"/>.</summary>
static class LoopEmitter
{
    public static FusedLoop Emit<S, V>(LoopProgram program) where S : ISimd<V> where V : struct => new Writer<S, V>(program).Emit();

    sealed class Writer<S, V>(LoopProgram program) where S : ISimd<V> where V : struct
    {
        readonly DynamicMethod method = new("FusedLoop", typeof(void),
            [typeof(float**), typeof(nint*), typeof(double*), typeof(nint), typeof(nint)], typeof(LoopEmitter).Module, skipVisibility: true);

        ILGenerator il = null!;
        LocalBuilder[] rows = [], steps = [], values = [], sums = [];
        LocalBuilder offset = null!, end = null!;

        static MethodInfo Primitive(string name) => typeof(S).GetMethod(name, BindingFlags.Public | BindingFlags.Static)!;

        static MethodInfo Operation(Op op) =>
            typeof(VectorOps<S, V>).GetMethod(op.ToString(), BindingFlags.Public | BindingFlags.Static)
            ?? throw new NotSupportedException($"{op} has no kernel; add one line to VectorOps.");

        public FusedLoop Emit()
        {
            il = method.GetILGenerator();
            rows = [.. Enumerable.Range(0, program.Pointers).Select(_ => il.DeclareLocal(typeof(float*)))];
            steps = [.. rows.Select(_ => il.DeclareLocal(typeof(nint)))];
            values = [.. program.Values.Select(_ => il.DeclareLocal(typeof(V)))];
            sums = [.. program.Reductions.Select(_ => il.DeclareLocal(typeof(V)))];
            offset = il.DeclareLocal(typeof(nint));
            end = il.DeclareLocal(typeof(nint));
            var row = il.DeclareLocal(typeof(nint));

            for (var k = 0; k < rows.Length; k++)
            {
                LoadArgument(0, k, sizeof(long));
                il.Emit(OpCodes.Ldind_I);
                il.Emit(OpCodes.Stloc, rows[k]);
                LoadArgument(1, k, sizeof(long));
                il.Emit(OpCodes.Ldind_I);
                il.Emit(OpCodes.Ldc_I4_4);
                il.Emit(OpCodes.Mul);
                il.Emit(OpCodes.Stloc, steps[k]);
            }
            Invariants();

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
                if (sums.Length > 0) FinishRow();
                for (var k = 0; k < rows.Length; k++)
                {
                    il.Emit(OpCodes.Ldloc, rows[k]);
                    il.Emit(OpCodes.Ldloc, steps[k]);
                    il.Emit(OpCodes.Add);
                    il.Emit(OpCodes.Stloc, rows[k]);
                }
            });
            il.Emit(OpCodes.Ret);
            return method.CreateDelegate<FusedLoop>();
        }

        // Slots and constants do not change in the loop.
        void Invariants()
        {
            for (var i = 0; i < values.Length; i++)
            {
                var value = program.Values[i];
                if (value.Source == LoopSource.Slot)
                {
                    LoadArgument(2, value.A, sizeof(double));
                    il.Emit(OpCodes.Ldind_R8);
                    il.Emit(OpCodes.Conv_R4);
                }
                else if (value.Source == LoopSource.Constant) il.Emit(OpCodes.Ldc_R4, (float)value.Number);
                else continue;
                il.Emit(OpCodes.Call, Primitive(nameof(ISimd<V>.Splat)));
                il.Emit(OpCodes.Stloc, values[i]);
            }
        }

        void StartRow()
        {
            for (var i = 0; i < values.Length; i++)
            {
                if (program.Values[i].Source != LoopSource.PerRow) continue;
                il.Emit(OpCodes.Ldloc, rows[program.Values[i].A]);
                il.Emit(OpCodes.Ldind_R4);
                il.Emit(OpCodes.Call, Primitive(nameof(ISimd<V>.Splat)));
                il.Emit(OpCodes.Stloc, values[i]);
            }
            for (var i = 0; i < sums.Length; i++)
            {
                Identity(program.Reductions[i].Op);
                il.Emit(OpCodes.Stloc, sums[i]);
            }
        }

        void Body(LocalBuilder? mask)
        {
            for (var i = 0; i < values.Length; i++)
            {
                var value = program.Values[i];
                if (value.Source == LoopSource.Vector)
                {
                    Address(value.A);
                    il.Emit(OpCodes.Call, Primitive(nameof(ISimd<V>.Load)));
                    il.Emit(OpCodes.Stloc, values[i]);
                }
                else if (value.Source == LoopSource.Apply)
                {
                    var operation = Operation(value.Op);
                    int[] sources = [value.A, value.B, value.C];
                    foreach (var source in sources[..operation.GetParameters().Length]) il.Emit(OpCodes.Ldloc, values[source]);
                    il.Emit(OpCodes.Call, operation);
                    il.Emit(OpCodes.Stloc, values[i]);
                }
                foreach (var (stored, pointer) in program.Stores)
                {
                    if (stored != i) continue;
                    il.Emit(OpCodes.Ldloc, values[i]);
                    Address(pointer);
                    il.Emit(OpCodes.Call, Primitive(nameof(ISimd<V>.Store)));
                }
            }
            for (var i = 0; i < sums.Length; i++)
            {
                var (value, op, _) = program.Reductions[i];
                il.Emit(OpCodes.Ldloc, sums[i]);
                if (mask is not null) il.Emit(OpCodes.Ldloc, mask);
                il.Emit(OpCodes.Ldloc, values[value]);
                if (mask is not null)
                {
                    Identity(op);
                    il.Emit(OpCodes.Call, Primitive(nameof(ISimd<V>.Select)));
                }
                il.Emit(OpCodes.Call, Operation(op == Op.Sum ? Op.Add : Op.Maximum));
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
            il.Emit(OpCodes.Call, Primitive(nameof(ISimd<V>.LanesBelow)));
            il.Emit(OpCodes.Stloc, mask);
            Body(mask);
            il.MarkLabel(done);
            for (var i = 0; i < sums.Length; i++)
            {
                var (_, op, pointer) = program.Reductions[i];
                il.Emit(OpCodes.Ldloc, rows[pointer]);
                il.Emit(OpCodes.Ldloc, sums[i]);
                il.Emit(OpCodes.Call, Primitive(op == Op.Sum ? nameof(ISimd<V>.SumLanes) : nameof(ISimd<V>.MaxLanes)));
                il.Emit(OpCodes.Stind_R4);
            }
        }

        void Identity(Op op)
        {
            il.Emit(OpCodes.Ldc_R4, op == Op.Sum ? 0f : float.NegativeInfinity);
            il.Emit(OpCodes.Call, Primitive(nameof(ISimd<V>.Splat)));
        }

        void Address(int pointer)
        {
            il.Emit(OpCodes.Ldloc, rows[pointer]);
            il.Emit(OpCodes.Ldloc, offset);
            il.Emit(OpCodes.Add);
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
