using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Iql.Environments.Mujoco;

/// <summary>Calls into MuJoCo that return when MuJoCo gives up. mju_error ends the process unless a handler takes it,
/// and that handler may not return; C programs leave it with longjmp. No jump may cross managed frames. So it goes
/// between two native frames of our own: a few instructions call the function and remember the stack; the handler
/// returns there. Warnings are kept for the caller, not printed.</summary>
/// <remarks>On other processors, Windows and systems that forbid new code, an error ends the process.</remarks>
static unsafe class NativeGuard
{
    /// <summary>One call: read and written by the instructions below, which know these offsets.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct Call
    {
        internal nint Stack, Function, First, Second, Third, Fourth, Count, Result;
    }

    // guarded(call): saves the registers that a callee keeps, stores the stack in call, calls count times, returns 0.
    // vzeroupper: managed code leaves the upper halves of vector registers in use; MuJoCo's SSE code ran a third
    // slower. handler(message), at 0x4D: asks managed code for its call, takes over its stack, returns 1 from guarded.
    static ReadOnlySpan<byte> Instructions =>
    [
        0x53,                                     // push rbx
        0x55,                                     // push rbp
        0x41, 0x54, 0x41, 0x55,                   // push r12, r13
        0x41, 0x56, 0x41, 0x57,                   // push r14, r15
        0x48, 0x83, 0xEC, 0x08,                   // sub rsp, 8
        0x48, 0x89, 0xFB,                         // mov rbx, rdi
        0x48, 0x89, 0x23,                         // mov [rbx], rsp
        0x4C, 0x8B, 0x63, 0x30,                   // mov r12, [rbx + 48]
        0xC5, 0xF8, 0x77,                         // vzeroupper
        0x4D, 0x85, 0xE4,                         // again: test r12, r12
        0x7E, 0x1C,                               // jle done
        0x48, 0x8B, 0x7B, 0x10,                   // mov rdi, [rbx + 16]
        0x48, 0x8B, 0x73, 0x18,                   // mov rsi, [rbx + 24]
        0x48, 0x8B, 0x53, 0x20,                   // mov rdx, [rbx + 32]
        0x48, 0x8B, 0x4B, 0x28,                   // mov rcx, [rbx + 40]
        0xFF, 0x53, 0x08,                         // call [rbx + 8]
        0x48, 0x89, 0x43, 0x38,                   // mov [rbx + 56], rax
        0x49, 0xFF, 0xCC,                         // dec r12
        0xEB, 0xDF,                               // jmp again
        0x31, 0xC0,                               // done: xor eax, eax
        0x48, 0x83, 0xC4, 0x08,                   // leave: add rsp, 8
        0x41, 0x5F, 0x41, 0x5E,                   // pop r15, r14
        0x41, 0x5D, 0x41, 0x5C,                   // pop r13, r12
        0x5D,                                     // pop rbp
        0x5B,                                     // pop rbx
        0xC3,                                     // ret
        0x48, 0x83, 0xEC, 0x08,                   // handler: sub rsp, 8
        0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0,       // mov rax, the managed function's address
        0xFF, 0xD0,                               // call rax
        0x48, 0x8B, 0x20,                         // mov rsp, [rax]
        0xB8, 0x01, 0x00, 0x00, 0x00,             // mov eax, 1
        0xEB, 0xD7,                               // jmp leave
    ];

    const int VectorState = 0x18, Handler = 0x4D, Address = Handler + 6;

    [ThreadStatic] static Call* current;
    [ThreadStatic] static string? said;

    static readonly byte* Code = Place();

    /// <summary>Whether an error becomes an exception here; else it ends the process.</summary>
    internal static bool Works => Code != null;

    /// <summary>Writes the handlers into MuJoCo's two hooks.</summary>
    internal static void Install(nint library)
    {
        delegate* unmanaged<byte*, Call*> failed = &Failed;
        delegate* unmanaged<byte*, void> warned = &Warned;
        *(nint*)NativeLibrary.GetExport(library, "mju_user_error") = Works ? (nint)(Code + Handler) : (nint)failed;
        *(nint*)NativeLibrary.GetExport(library, "mju_user_warning") = (nint)warned;
    }

    /// <summary>Calls function(first, second, third, fourth) on this thread; extra arguments do no harm.</summary>
    /// <exception cref="MujocoException">MuJoCo gave up, or warned; the message is MuJoCo's own.</exception>
    internal static nint Run(nint function, nint first, nint second = 0, nint third = 0, nint fourth = 0, int count = 1)
    {
        Call call = default;
        (call.Function, call.First, call.Second, call.Third, call.Fourth) = (function, first, second, third, fourth);
        call.Count = count;
        said = null;
        if (Works)
        {
            current = &call;
            var failed = ((delegate* unmanaged<Call*, int>)Code)(&call);
            current = null;
            if (failed != 0) throw new MujocoException($"MuJoCo gave up: {said}");
        }
        else
        {
            var plain = (delegate* unmanaged<nint, nint, nint, nint, nint>)function;
            for (var i = 0; i < count; i++) call.Result = plain(first, second, third, fourth);
        }
        if (said is not null) Warn();
        return call.Result;
    }

    static void Warn()
    {
        var message = said!;
        said = null;
        var unstable = message.Contains("Nan, Inf or huge value", StringComparison.Ordinal);
        throw new MujocoException($"MuJoCo warned: {message}", unstable);
    }

    [UnmanagedCallersOnly]
    static Call* Failed(byte* message)
    {
        said = Marshal.PtrToStringUTF8((nint)message);
        if (current == null) Environment.FailFast($"MuJoCo gave up: {said}");
        return current;
    }

    [UnmanagedCallersOnly]
    static void Warned(byte* message) => said ??= Marshal.PtrToStringUTF8((nint)message);

    static byte* Place()
    {
        Span<byte> instructions = [.. Instructions];
        if (!Avx.IsSupported) new ReadOnlySpan<byte>([0x0F, 0x1F, 0x00]).CopyTo(instructions[VectorState..]); // nop
        delegate* unmanaged<byte*, Call*> failed = &Failed;
        BitConverter.TryWriteBytes(instructions[Address..], (nint)failed);
        return MachineCode.Place(instructions);
    }
}
