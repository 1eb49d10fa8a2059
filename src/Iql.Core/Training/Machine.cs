using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Serialization;
using Iql.Cpu.Emit;

namespace Iql.Training;

/// <summary>What a run was computed on.</summary>
/// <param name="Processor">"Intel(R) Xeon(R) …"; with family and model where a virtual machine hides numbers.</param>
/// <param name="Cores">Logical processors this process may use.</param>
/// <param name="VectorWidth">Bits of the vectors of compiled graphs: 512, 256, 128, or 32 for single numbers.</param>
/// <param name="Device">What made the training steps, in words; null is the processor.</param>
public sealed record Machine(
    string Processor, int Cores, int VectorWidth, string Os, string Runtime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Device = null)
{
    public static Machine Here { get; } = new(
        ProcessorName(), Environment.ProcessorCount, 32 * (int)InstructionSets.Default,
        RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);

    /// <summary>Version of this library, "0.1.0".</summary>
    public static string Version => Informational.Split('+')[0];
    /// <summary>The commit this library was built from, or "unknown" when it was built outside a repository.</summary>
    public static string Commit => Informational.Split('+').ElementAtOrDefault(1) ?? "unknown";

    static string Informational => typeof(Machine).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    static string ProcessorName()
    {
        var name = OperatingSystem.IsWindows() ? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            : OperatingSystem.IsMacOS() ? AppleName()
            : LinuxName();
        return string.IsNullOrWhiteSpace(name) ? RuntimeInformation.ProcessArchitecture.ToString() : name.Trim();
    }

    static string? LinuxName()
    {
        const string file = "/proc/cpuinfo";
        if (!File.Exists(file)) return null;
        var fields = File.ReadLines(file).Select(line => line.Split(':', 2)).Where(parts => parts.Length == 2)
            .Select(parts => (Key: parts[0].Trim(), Value: parts[1].Trim())).ToArray();
        // ARM kernels give numbers where x86 ones give a name.
        var name = fields.FirstOrDefault(field => field.Key is "model name" or "Model").Value;
        // "AMD EPYC" alone may be any of several generations, a factor of two apart.
        if (name is not null && !name.Any(char.IsDigit))
            name += string.Concat(fields.Where(field => field.Key is "cpu family" or "model").Take(2)
                .Select(field => $", {field.Key.Split(' ')[^1]} {field.Value}"));
        var numbers = fields.Where(field => field.Key is "CPU implementer" or "CPU part").Take(2);
        return name ?? $"{RuntimeInformation.ProcessArchitecture} "
            + string.Join(", ", numbers.Select(field => $"{field.Key} {field.Value}"));
    }

    static string? AppleName()
    {
        var buffer = new byte[256];
        nint length = buffer.Length;
        var found = sysctlbyname("machdep.cpu.brand_string", buffer, ref length, 0, 0) == 0;
        return found ? Encoding.UTF8.GetString(buffer).TrimEnd('\0') : null;
    }

    [DllImport("libSystem.dylib", CharSet = CharSet.Ansi)]
    static extern int sysctlbyname(string name, byte[] value, ref nint length, nint newValue, nint newLength);
}
