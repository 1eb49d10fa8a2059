using System.Reflection;
using System.Reflection.Emit;
using PureHDF.VOL.Native;

namespace Iql.Data.Files.Hdf5;

/// <summary>How PureHDF 2.2.0 reads a stream, with one difference: a block of bytes comes from
/// <see cref="Hdf5Stream.Block"/>. PureHDF's own driver takes the memory that a file claims, and then reads. It is
/// internal, so its subclass is made at run time.</summary>
static class Hdf5Driver
{
    const BindingFlags Any = BindingFlags.Static | BindingFlags.NonPublic;
    static readonly Type Driver = Make();
    static readonly MethodInfo OpenWith = typeof(NativeFile).GetMethods(Any).Single(method =>
        method.Name == "InternalOpen" && method.GetParameters()[0].ParameterType.IsAssignableFrom(Driver));

    /// <summary>Opens a file, which disposes of the stream.</summary>
    internal static NativeFile Open(Hdf5Stream stream) => (NativeFile)OpenWith.Invoke(
        null, BindingFlags.DoNotWrapExceptions, null,
        [Activator.CreateInstance(Driver, stream, (Func<int, byte[]>)stream.Block), "", false, null], null)!;

    static Type Make()
    {
        var parent = typeof(NativeFile).Assembly.GetType("PureHDF.VFD.H5StreamDriver")!;
        // PureHDF shows what is internal to an assembly of this name.
        var type = AssemblyBuilder.DefineDynamicAssembly(new("PureHDF.Tests"), AssemblyBuilderAccess.Run)
            .DefineDynamicModule("Hdf5Driver").DefineType("Driver", TypeAttributes.Public, parent);
        var block = type.DefineField("block", typeof(Func<int, byte[]>), FieldAttributes.Private);

        var code = type.DefineConstructor(
            MethodAttributes.Public, CallingConventions.Standard, [typeof(Stream), block.FieldType]).GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Ldc_I4_0); // the stream is not left open
        code.Emit(OpCodes.Call, parent.GetConstructor([typeof(Stream), typeof(bool)])!);
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_2);
        code.Emit(OpCodes.Stfld, block);
        code.Emit(OpCodes.Ret);

        code = type.DefineMethod("ReadBytes", MethodAttributes.Public | MethodAttributes.Virtual,
            typeof(byte[]), [typeof(int)]).GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldfld, block);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Callvirt, block.FieldType.GetMethod("Invoke")!);
        code.Emit(OpCodes.Ret);
        return type.CreateType();
    }
}
