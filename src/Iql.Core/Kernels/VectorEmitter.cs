using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using Iql.Graph;

namespace Iql.Kernels;

/// <summary>
/// Emits what a program does to one vector of a row: where a value is kept is for who emits the loop around it to say. The JIT
/// inlines <see cref="VectorOps{S, V}"/>.
/// </summary>
/// <param name="il">Where to.</param>
/// <param name="program">What.</param>
sealed class VectorEmitter<S, V>(ILGenerator il, LoopProgram program) where S : ISimd<V> where V : struct
{
    readonly LocalBuilder[] values = [.. program.Values.Select(_ => il.DeclareLocal(typeof(V)))];

    /// <summary>The first entry of the row, for every pointer.</summary>
    public LocalBuilder[] Rows { get; } = [.. Enumerable.Range(0, program.Pointers).Select(_ => il.DeclareLocal(typeof(float*)))];

    /// <summary>Values that are the same for every row.</summary>
    public static ImmutableArray<int> Invariants(LoopProgram program) =>
        [.. Enumerable.Range(0, program.Values.Length).Where(i => program.Values[i].Source is LoopSource.Slot or LoopSource.Constant)];

    /// <summary>Calls a primitive.</summary>
    public static void Primitive(ILGenerator il, string name) => il.Emit(OpCodes.Call, typeof(S).GetMethod(name, BindingFlags.Public | BindingFlags.Static)!);

    /// <summary>The method of an elementwise op.</summary>
    public static MethodInfo Operation(Op op) =>
        typeof(VectorOps<S, V>).GetMethod(op.ToString(), BindingFlags.Public | BindingFlags.Static)
        ?? throw new NotSupportedException($"{op} has no kernel; add one line to VectorOps.");

    /// <summary>Puts an invariant on the stack, given what puts the slots there.</summary>
    public void Invariant(int index, Action slots)
    {
        var value = program.Values[index];
        if (value.Source == LoopSource.Slot)
        {
            slots();
            il.Emit(OpCodes.Ldc_I4, value.A * sizeof(double));
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Ldind_R8);
            il.Emit(OpCodes.Conv_R4);
        }
        else il.Emit(OpCodes.Ldc_R4, (float)value.Number);
        Primitive(il, nameof(ISimd<V>.Splat));
    }

    /// <summary>Puts a value on the stack.</summary>
    public void Get(int index) => il.Emit(OpCodes.Ldloc, values[index]);

    /// <summary>Keeps what is on the stack as a value.</summary>
    public void Put(int index) => il.Emit(OpCodes.Stloc, values[index]);

    /// <summary>Reads what is one number for the whole row.</summary>
    public void StartRow()
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (program.Values[i].Source != LoopSource.PerRow) continue;
            il.Emit(OpCodes.Ldloc, Rows[program.Values[i].A]);
            il.Emit(OpCodes.Ldind_R4);
            Primitive(il, nameof(ISimd<V>.Splat));
            Put(i);
        }
    }

    /// <summary>One vector of the row, whose distance in bytes from its begin <paramref name="offset"/> puts on the stack.</summary>
    public void Body(Action offset)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var value = program.Values[i];
            if (value.Source == LoopSource.Vector)
            {
                Address(value.A, offset);
                Primitive(il, nameof(ISimd<V>.Load));
                Put(i);
            }
            else if (value.Source == LoopSource.Apply)
            {
                var operation = Operation(value.Op);
                int[] sources = [value.A, value.B, value.C];
                foreach (var source in sources[..operation.GetParameters().Length]) Get(source);
                il.Emit(OpCodes.Call, operation);
                Put(i);
            }
            foreach (var (stored, pointer) in program.Stores)
            {
                if (stored != i) continue;
                Get(i);
                Address(pointer, offset);
                Primitive(il, nameof(ISimd<V>.Store));
            }
        }
    }

    void Address(int pointer, Action offset)
    {
        il.Emit(OpCodes.Ldloc, Rows[pointer]);
        offset();
        il.Emit(OpCodes.Add);
    }
}
