using System.Runtime.InteropServices;

namespace Iql.Torch;

/// <summary>libtorch's C interface, as far as it is used here. Its source is
/// torch/csrc/inductor/aoti_torch/c/shim.h and torch/csrc/stable/c/shim.h of PyTorch 2.10; later versions keep it.
/// Every function returns 0, or writes its message to standard error.</summary>
static unsafe partial class Native
{
    /// <summary>The name that <see cref="LibTorch"/> resolves to the library it has loaded.</summary>
    internal const string Library = "torch_cpu";

    /// <summary>The version whose meaning of the dispatcher's arguments is used: 2.10.</summary>
    internal const ulong Version = 0x020A_0000_0000_0000;

    [LibraryImport(Library)]
    internal static partial ulong aoti_torch_abi_version();

    /// <summary>Calls an op by name. The stack holds its arguments, then its results; both change hands.</summary>
    [LibraryImport(Library)]
    internal static partial int torch_call_dispatcher(nint op, nint overload, ulong* stack, ulong version);

    /// <summary>A second handle of the same tensor.</summary>
    [LibraryImport(Library)]
    internal static partial int aoti_torch_new_tensor_handle(nint tensor, out nint copy);

    [LibraryImport(Library)]
    internal static partial int aoti_torch_delete_tensor_object(nint tensor);

    [LibraryImport(Library)]
    internal static partial int torch_new_list_reserve_size(nuint count, out nint list);

    [LibraryImport(Library)]
    internal static partial int torch_list_push_back(nint list, ulong element);

    [LibraryImport(Library)]
    internal static partial int aoti_torch_scalar_to_tensor_float32(float number, out nint tensor);

    [LibraryImport(Library)]
    internal static partial int aoti_torch_scalar_to_tensor_float64(double number, out nint tensor);

    [LibraryImport(Library)]
    internal static partial int aoti_torch_scalar_to_tensor_int64(long number, out nint tensor);

    /// <summary>first − alpha · second</summary>
    [LibraryImport(Library)]
    internal static partial int aoti_torch_aten_subtract_Tensor(nint first, nint second, double alpha, out nint tensor);

    /// <summary>Zeros around a tensor: two counts an axis, the last axis first.</summary>
    [LibraryImport(Library)]
    internal static partial int aoti_torch_aten_pad(
        nint tensor, long* counts, long length, byte* mode, double* value, out nint padded);

    [LibraryImport(Library)]
    internal static partial int aoti_torch_empty_strided(
        long rank, long* sizes, long* strides, int type, int deviceKind, int deviceIndex, out nint tensor);

    /// <summary>A tensor over memory that stays the caller's.</summary>
    [LibraryImport(Library)]
    internal static partial int aoti_torch_create_tensor_from_blob(
        void* data, long rank, long* sizes, long* strides, long offset, int type, int deviceKind, int deviceIndex,
        out nint tensor);

    /// <summary>Copies numbers from one tensor to another, with conversion of type and device.</summary>
    [LibraryImport(Library)]
    internal static partial int aoti_torch_copy_(nint destination, nint source, int withoutWaiting);

    [LibraryImport(Library)]
    internal static partial int aoti_torch_dtype_float32();

    [LibraryImport(Library)]
    internal static partial int aoti_torch_dtype_float64();

    [LibraryImport(Library)]
    internal static partial int aoti_torch_dtype_int64();

    [LibraryImport(Library)]
    internal static partial int aoti_torch_device_type_cpu();

    [LibraryImport(Library)]
    internal static partial int aoti_torch_device_type_cuda();
}
