using System.Reflection;
using System.Reflection.Emit;
using Iql.Graph;

namespace Iql.Cpu.Emit;

/// <summary>Emits a program's work on one vector of a row. The JIT inlines <see cref="VectorOps{S, V}"/>.</summary>
sealed class VectorEmitter<S, V>(LoopAssembler<S> il, LoopProgram program) where S : ISimd<V> where V : struct
{
    readonly LocalBuilder[] values = il.Locals(program.Values.Length, typeof(V));
    readonly LocalBuilder[] sums = program.AddsUp ? il.Locals(program.Reductions.Length, typeof(V)) : [];

    /// <summary>The first entry of the row, for every pointer.</summary>
    public LocalBuilder[] Rows { get; } = il.Locals(program.Pointers, typeof(float*));

    /// <summary>The method of an elementwise op.</summary>
    public static MethodInfo Operation(Op op) =>
        typeof(VectorOps<S, V>).GetMethod(op.ToString(), BindingFlags.Public | BindingFlags.Static)
        ?? throw new NotSupportedException($"{op} has no kernel; add one line to VectorOps.");

    /// <summary>Puts a vector of one number on the stack.</summary>
    public void Number(float number) { il.Float(number); il.Call(nameof(ISimd<V>.Splat)); }

    /// <summary>Puts an invariant on the stack, given what puts the address of the scalars there.</summary>
    public void Invariant(int index, Action scalars)
    {
        var value = program.Values[index];
        if (value.Source == LoopSource.Slot)
        {
            scalars(); il.Add(value.A * sizeof(double)); il.ReadDoubleAsFloat(); il.Call(nameof(ISimd<V>.Splat));
        }
        else Number((float)value.Number);
    }

    /// <summary>Keeps every invariant in its local.</summary>
    public void PutInvariants(Action scalars)
    {
        foreach (var index in program.Invariants) { Invariant(index, scalars); Put(index); }
    }

    public void Get(int index) => il.Get(values[index]);
    public void Put(int index) => il.Put(values[index]);

    /// <summary>Reads the values of a whole row, and the vectors of sums so far.</summary>
    public void StartRow()
    {
        for (var i = 0; i < sums.Length; i++)
        {
            il.Get(Rows[program.Reductions[i].Pointer]); il.Call(nameof(ISimd<V>.Load)); il.Put(sums[i]);
        }
        for (var i = 0; i < values.Length; i++)
        {
            if (program.Values[i].Source != LoopSource.PerRow) continue;
            il.Get(Rows[program.Values[i].A]); il.ReadFloat(); il.Call(nameof(ISimd<V>.Splat)); Put(i);
        }
    }

    /// <summary>One vector of the row.</summary>
    /// <param name="offset">Puts it there.</param>
    /// <param name="first">What pointer 0 would give, where it is in a register.</param>
    public void Body(Action offset, LocalBuilder? first = null)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var value = program.Values[i];
            if (value.Source == LoopSource.Vector)
            {
                if (value.A == 0 && first is not null) il.Get(first);
                else { Address(value.A, offset); il.Call(nameof(ISimd<V>.Load)); }
                Put(i);
            }
            else if (IsMask(i)) continue;
            else if (value is { Source: LoopSource.Apply, Op: Op.Where } && Comparison(value.A) is { } comparison)
            {
                Get(program.Values[value.A].A); Get(program.Values[value.A].B); il.Call(comparison);
                Get(value.B); Get(value.C); il.Call(nameof(ISimd<V>.Select));
                Put(i);
            }
            else if (value.Source == LoopSource.Apply)
            {
                foreach (var source in Sources(value)) Get(source);
                il.Call(Operation(value.Op)); Put(i);
            }
            foreach (var (stored, pointer) in program.Stores)
            {
                if (stored != i) continue;
                Get(i); Address(pointer, offset); il.Call(nameof(ISimd<V>.Store));
            }
        }
        for (var i = 0; i < sums.Length; i++)
        {
            il.Get(sums[i]); Get(program.Reductions[i].Value); il.Call(Operation(Op.Add)); il.Put(sums[i]);
        }
    }

    /// <summary>Writes the vectors of sums back.</summary>
    public void FinishRow()
    {
        for (var i = 0; i < sums.Length; i++)
        {
            il.Get(sums[i]); il.Get(Rows[program.Reductions[i].Pointer]); il.Call(nameof(ISimd<V>.Store));
        }
    }

    // The primitive that compares as a value does, or null.
    string? Comparison(int index) => program.Values[index] is { Source: LoopSource.Apply } value ? value.Op switch
    {
        Op.Less => nameof(ISimd<V>.IsLess),
        Op.LessOrEqual => nameof(ISimd<V>.IsLessOrEqual),
        Op.Equal => nameof(ISimd<V>.IsEqual),
        _ => null,
    } : null;

    // Whether a comparison is only the condition of choices, which then take it as a mask. As numbers, 1 and 0, it
    // would be compared again, in a chain from one vector to the next (0.66 µs for 16 rows of 256; as a mask 0.14).
    bool IsMask(int index) => Comparison(index) is not null
        && !program.Stores.Any(store => store.Value == index)
        && !program.Reductions.Any(reduction => reduction.Value == index)
        && program.Values.All(value => value.Source != LoopSource.Apply || Sources(value)
            .Select((source, place) => source != index || (value.Op == Op.Where && place == 0)).All(isFine => isFine));

    static int[] Sources(LoopValue value) =>
        new[] { value.A, value.B, value.C }[..Operation(value.Op).GetParameters().Length];

    void Address(int pointer, Action offset) { il.Get(Rows[pointer]); offset(); il.Add(); }
}
