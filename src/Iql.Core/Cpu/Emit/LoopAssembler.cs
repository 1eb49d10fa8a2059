using System.Reflection;
using System.Reflection.Emit;

namespace Iql.Cpu.Emit;

/// <summary>Emits a method by short names for the instructions of a loop. All but labels act on a stack.</summary>
sealed class LoopAssembler<S>
{
    readonly DynamicMethod method;
    readonly ILGenerator il;

    public LoopAssembler(string name, params Type[] arguments)
    {
        method = new(name, typeof(void), arguments, typeof(LoopAssembler<S>).Module, skipVisibility: true);
        il = method.GetILGenerator();
    }

    public LocalBuilder Local(Type type) => il.DeclareLocal(type);
    public LocalBuilder[] Locals(int count, Type type) => [.. Enumerable.Range(0, count).Select(_ => Local(type))];

    /// <summary>A counter or a distance, as wide as a pointer.</summary>
    public LocalBuilder Integer() => Local(typeof(nint));
    public void Get(LocalBuilder local) => il.Emit(OpCodes.Ldloc, local);
    public void Put(LocalBuilder local) => il.Emit(OpCodes.Stloc, local);
    public void Argument(int index) => il.Emit(OpCodes.Ldarg, (short)index);
    public void Field(FieldInfo field) => il.Emit(OpCodes.Ldfld, field);
    public void Number(int number) { il.Emit(OpCodes.Ldc_I4, number); il.Emit(OpCodes.Conv_I); }
    public void Float(float number) => il.Emit(OpCodes.Ldc_R4, number);
    public void Add() => il.Emit(OpCodes.Add);
    public void Add(int number) { Number(number); Add(); }
    public void Subtract() => il.Emit(OpCodes.Sub);
    public void Multiply(int number) { Number(number); il.Emit(OpCodes.Mul); }
    public void Divide(int number) { Number(number); il.Emit(OpCodes.Div); }
    public void And(int number) { Number(number); il.Emit(OpCodes.And); }
    public void ReadPointer() => il.Emit(OpCodes.Ldind_I);
    public void ReadFloat() => il.Emit(OpCodes.Ldind_R4);
    public void WriteFloat() => il.Emit(OpCodes.Stind_R4);
    public void ReadDoubleAsFloat() { il.Emit(OpCodes.Ldind_R8); il.Emit(OpCodes.Conv_R4); }
    public void Call(MethodInfo method) => il.Emit(OpCodes.Call, method);

    /// <summary>Calls a primitive of <see cref="ISimd{V}"/>.</summary>
    public void Call(string primitive) =>
        Call(typeof(S).GetMethod(primitive, BindingFlags.Public | BindingFlags.Static)!);
    public Label Label() => il.DefineLabel();
    public void Mark(Label label) => il.MarkLabel(label);
    public void Jump(Label label) => il.Emit(OpCodes.Br, label);
    public void JumpIfZero(Label label) => il.Emit(OpCodes.Brfalse, label);
    public void JumpIfNotZero(Label label) => il.Emit(OpCodes.Brtrue, label);
    public void JumpIfLess(Label label) => il.Emit(OpCodes.Blt, label);
    public void JumpUnlessLess(Label label) => il.Emit(OpCodes.Bge, label);

    /// <summary>for (counter = 0; counter &lt; limit; counter += step) body</summary>
    public void Loop(LocalBuilder counter, Action limit, int step, Action body)
    {
        Label top = Label(), test = Label();
        Number(0); Put(counter);
        Jump(test);
        Mark(top);
        body();
        Get(counter); Add(step); Put(counter);
        Mark(test);
        Get(counter); limit(); JumpIfLess(top);
    }

    /// <summary>Returns from the method, which is then complete.</summary>
    public T Return<T>() where T : Delegate
    {
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<T>();
    }
}
