using System.Collections.Immutable;
using System.Runtime.Intrinsics;
using Iql.Cpu.Emit;

namespace Iql.Cpu.Kernels;

/// <summary>Makes the kernels that depend on the vector width.</summary>
interface IKernelFactory
{
    FusedLoop Loop(LoopProgram program);

    IKernel Product(
        ProductShape shape, Address a, Address b, LoopProgram epilogue, ImmutableArray<Operand> operands, bool byTile);

    IKernel ColumnReduce(
        Address source, (int Extent, int Stride) outer, (int Extent, int Stride) axis, int columns, bool maximum,
        FusedLoop epilogue, ImmutableArray<Operand> operands);
}

/// <inheritdoc cref="IKernelFactory"/>
sealed class KernelFactory<S, V> : IKernelFactory where S : ISimd<V> where V : struct
{
    public FusedLoop Loop(LoopProgram program) => LoopEmitter.Emit<S, V>(program);

    public IKernel Product(
        ProductShape shape, Address a, Address b, LoopProgram epilogue, ImmutableArray<Operand> operands,
        bool byTile) =>
        NarrowProductKernel<S, V>.Takes(shape)
            ? new NarrowProductKernel<S, V>(shape, a, b, LoopEmitter.Emit<S, V>(epilogue), operands)
            : new MatMulKernel<S, V>(shape, a, b, epilogue, operands, byTile);

    public IKernel ColumnReduce(
        Address source, (int Extent, int Stride) outer, (int Extent, int Stride) axis, int columns, bool maximum,
        FusedLoop epilogue, ImmutableArray<Operand> operands) =>
        new ColumnReduceKernel<S, V>(source, outer, axis, columns, maximum, epilogue, operands);
}

/// <summary>The one place where an instruction set becomes types.</summary>
static class KernelFactory
{
    public static IKernelFactory Of(InstructionSet set) => set switch
    {
        InstructionSet.Vector512 => new KernelFactory<Simd512, Vector512<float>>(),
        InstructionSet.Vector256 => new KernelFactory<Simd256, Vector256<float>>(),
        _ => new KernelFactory<SimdScalar, float>(),
    };
}
