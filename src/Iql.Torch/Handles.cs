using System.Runtime.InteropServices;

namespace Iql.Torch;

/// <summary>Types of numbers.</summary>
enum NumberType { Float32, Float64, Int64 }

/// <summary>Where tensors lie: host memory, or a card.</summary>
/// <param name="IsCuda">Whether on an NVIDIA card.</param>
/// <param name="Index">The card's number, from 0.</param>
readonly record struct Place(bool IsCuda, int Index)
{
    /// <summary>Host memory.</summary>
    public static Place Host => new(false, 0);

    internal int Kind => IsCuda ? Native.aoti_torch_device_type_cuda() : Native.aoti_torch_device_type_cpu();
}

/// <summary>Tensors of libtorch by their handles, and calls of ops on them. A function takes handles that stay the
/// caller's and returns a handle that the caller must <see cref="Free"/>. A wrong handle ends the process, so handles
/// stay inside this project.</summary>
static unsafe class Handles
{
    static readonly TorchOp narrow = new("narrow"), reshape = new("reshape");

    static long live;

    /// <summary>Handles that were made and not freed, in the whole process.</summary>
    public static long Live => Interlocked.Read(ref live);

    static nint Made(int code, nint handle, string what)
    {
        Succeed(code, what);
        Interlocked.Increment(ref live);
        return handle;
    }

    static void Succeed(int code, string what)
    {
        if (code != 0)
            throw new InvalidOperationException(
                $"libtorch: {what} failed with code {code}. Its message is on standard error.");
    }

    /// <summary>Gives a handle back; 0 is none.</summary>
    public static void Free(nint tensor)
    {
        if (tensor == 0) return;
        Succeed(Native.aoti_torch_delete_tensor_object(tensor), "delete");
        Interlocked.Decrement(ref live);
    }

    /// <summary>Another handle of the same tensor.</summary>
    public static nint Again(nint tensor) =>
        Made(Native.aoti_torch_new_tensor_handle(tensor, out var copy), copy, "new handle");

    /// <summary>An argument of <see cref="Call(TorchOp, ReadOnlySpan{ulong})"/>: a handle that the op takes.</summary>
    public static ulong Argument(nint tensor)
    {
        Succeed(Native.aoti_torch_new_tensor_handle(tensor, out var copy), "new handle");
        return (ulong)copy;
    }

    /// <summary>An argument: a list of whole numbers.</summary>
    public static ulong Argument(ReadOnlySpan<long> numbers)
    {
        Succeed(Native.torch_new_list_reserve_size((nuint)numbers.Length, out var list), "new list");
        foreach (var number in numbers) Succeed(Native.torch_list_push_back(list, (ulong)number), "push");
        return (ulong)list;
    }

    /// <summary>An argument: a list of tensors.</summary>
    public static ulong Argument(ReadOnlySpan<nint> tensors)
    {
        Succeed(Native.torch_new_list_reserve_size((nuint)tensors.Length, out var list), "new list");
        foreach (var tensor in tensors) Succeed(Native.torch_list_push_back(list, Argument(tensor)), "push");
        return (ulong)list;
    }

    /// <summary>An argument that could be absent and is there. libtorch deletes the word, so it is its malloc's.
    /// </summary>
    public static ulong Present(ulong argument)
    {
        var word = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *word = argument;
        return (ulong)word;
    }

    /// <summary>Calls an op of one result, with its arguments in the order of its schema.</summary>
    public static nint Call(TorchOp op, params ReadOnlySpan<ulong> arguments)
    {
        var stack = stackalloc ulong[8];
        for (var i = 0; i < arguments.Length; i++) stack[i] = arguments[i];
        var code = Native.torch_call_dispatcher(op.Name, op.Overload, stack, Native.Version);
        if (code != 0) Succeed(code, op.ToString());

        Interlocked.Increment(ref live);
        return (nint)stack[0];
    }

    /// <summary>Calls an op of one tensor.</summary>
    public static nint Call(TorchOp op, nint x) => Call(op, Argument(x));

    /// <summary>Calls an op of two tensors.</summary>
    public static nint Call(TorchOp op, nint x, nint y) => Call(op, Argument(x), Argument(y));

    /// <summary>x − alpha · y</summary>
    public static nint Subtract(nint x, nint y, double alpha)
    {

        return Made(Native.aoti_torch_aten_subtract_Tensor(x, y, alpha, out var result), result, "subtract");
    }

    /// <summary>Zeros around x: two counts an axis, the last axis first.</summary>
    public static nint Pad(nint x, ReadOnlySpan<long> counts)
    {

        var zero = 0.0;
        fixed (long* at = counts)
        fixed (byte* mode = "constant"u8)
            return Made(Native.aoti_torch_aten_pad(x, at, counts.Length, mode, &zero, out var result), result, "pad");
    }

    /// <summary>A number without axes, in host memory: also kernels of a card take it.</summary>
    public static nint Number(double number, NumberType type)
    {
        nint tensor;
        var code = type switch
        {
            NumberType.Float32 => Native.aoti_torch_scalar_to_tensor_float32((float)number, out tensor),
            NumberType.Float64 => Native.aoti_torch_scalar_to_tensor_float64(number, out tensor),
            _ => Native.aoti_torch_scalar_to_tensor_int64((long)number, out tensor),
        };
        return Made(code, tensor, "number");
    }

    /// <summary>A whole number without axes, in host memory.</summary>
    public static nint Whole(ulong number) => Made(
        Native.aoti_torch_scalar_to_tensor_int64(unchecked((long)number), out var tensor), tensor, "whole number");

    /// <summary>The code of a type.</summary>
    public static int Code(NumberType type) => type switch
    {
        NumberType.Float32 => Native.aoti_torch_dtype_float32(),
        NumberType.Float64 => Native.aoti_torch_dtype_float64(),
        _ => Native.aoti_torch_dtype_int64(),
    };

    /// <summary>A tensor of any numbers.</summary>
    public static nint Empty(ReadOnlySpan<long> sizes, NumberType type, Place place)
    {
        var strides = Strides(sizes);
        fixed (long* size = sizes, stride = strides)
            return Made(Native.aoti_torch_empty_strided(
                sizes.Length, size, stride, Code(type), place.Kind, place.Index, out var tensor), tensor, "empty");
    }

    /// <summary>A tensor over host memory, which must outlive it.</summary>
    public static nint Over(void* memory, ReadOnlySpan<long> sizes, NumberType type)
    {
        var strides = Strides(sizes);
        fixed (long* size = sizes, stride = strides)
            return Made(Native.aoti_torch_create_tensor_from_blob(memory, sizes.Length, size, stride, 0, Code(type),
                Place.Host.Kind, 0, out var tensor), tensor, "view of memory");
    }

    /// <summary>Copies numbers, with conversion.</summary>
    public static void Copy(nint source, nint destination) =>
        Succeed(Native.aoti_torch_copy_(destination, source, 0), "copy");

    /// <summary>A tensor with the numbers of host memory.</summary>
    public static nint Upload<T>(ReadOnlySpan<T> numbers, ReadOnlySpan<long> sizes, NumberType type, Place place)
        where T : unmanaged
    {
        var tensor = Empty(sizes, type, place);
        Fill(tensor, sizes, numbers);
        return tensor;
    }

    /// <summary>Copies numbers of host memory into a tensor of these sizes.</summary>
    public static void Fill<T>(nint tensor, ReadOnlySpan<long> sizes, ReadOnlySpan<T> numbers) where T : unmanaged
    {
        fixed (T* at = numbers) Transfer(at, sizes, Of<T>(), tensor, toTensor: true);
    }

    static void Transfer(void* memory, ReadOnlySpan<long> sizes, NumberType type, nint tensor, bool toTensor)
    {
        var view = Over(memory, sizes, type);
        if (toTensor) Copy(view, tensor);
        else Copy(tensor, view);
        Free(view);
    }

    /// <summary>A view of one row of a tensor [count, ..]: [1, ..].</summary>
    public static nint Row(nint tensor, int row) => Call(narrow, Argument(tensor), 0, (ulong)row, 1);

    /// <summary>A view of one row under another shape.</summary>
    public static nint Row(nint tensor, int row, ReadOnlySpan<long> shape)
    {
        var view = Row(tensor, row);
        var shaped = Call(reshape, Argument(view), Argument(shape));
        Free(view);
        return shaped;
    }

    /// <summary>Copies a tensor to host memory, row-major.</summary>
    public static void Download<T>(nint tensor, ReadOnlySpan<long> sizes, Span<T> numbers) where T : unmanaged
    {
        fixed (T* at = numbers) Transfer(at, sizes, Of<T>(), tensor, toTensor: false);
    }

    static NumberType Of<T>() => typeof(T) == typeof(float) ? NumberType.Float32
        : typeof(T) == typeof(double) ? NumberType.Float64
        : typeof(T) == typeof(long) || typeof(T) == typeof(ulong) ? NumberType.Int64
        : throw new NotSupportedException($"{typeof(T)}: expected float, double, long or ulong.");

    static long[] Strides(ReadOnlySpan<long> sizes)
    {
        var strides = new long[sizes.Length];
        for (var (i, stride) = (sizes.Length - 1, 1L); i >= 0; stride *= sizes[i--]) strides[i] = stride;
        return strides;
    }
}
