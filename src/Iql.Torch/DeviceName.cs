using System.Globalization;

namespace Iql.Torch;

/// <summary>A device by its name: "cpu-torch", "cuda" (the first card) or "cuda:N".</summary>
/// <param name="IsCuda">Whether an NVIDIA card; else libtorch's kernels for a processor.</param>
/// <param name="Index">The card's number, from 0.</param>
public readonly record struct DeviceName(bool IsCuda, int Index)
{
    /// <summary>What a name may be, in words.</summary>
    public const string Expected = "cpu-torch, cuda or cuda:N";

    /// <summary>Reads a name; null where it is none.</summary>
    public static DeviceName? Read(string name) => name switch
    {
        "cpu-torch" => new(false, 0),
        "cuda" => new(true, 0),
        _ when name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index) =>
            new(true, index),
        _ => null,
    };

    /// <summary>Throws where a libtorch and a driver cannot serve this device.</summary>
    /// <exception cref="InputException">libtorch is built for processors; no driver, or one too old; no such card.
    /// </exception>
    internal void CheckServed(bool hasCuda, string folder, NvidiaDriver driver)
    {
        if (!IsCuda) return;
        Check.That(hasCuda, "--device", "a libtorch that is built for CUDA", $"one for processors in {folder}",
            "Name another folder by --libtorch, or train with --device cpu.");
        Check.That(driver.Version is not null, "--device", "an NVIDIA driver", "none on this machine",
            "Install it, or train with --device cpu.");
        Check.That(driver.Version >= new Version(12, 0), "--device", "a driver for CUDA 12 or later",
            $"one for CUDA {driver.Version}", "Install a newer driver.");
        var count = driver.Cards.Length;
        Check.That(count > 0, "--device", "an NVIDIA card", "a driver that finds none");
        Check.That(Index < count, "--device", $"a card from 0 to {count - 1}", Index, "`iql devices` lists them.");
    }

    /// <summary>"cuda:0"</summary>
    public override string ToString() => IsCuda ? FormattableString.Invariant($"cuda:{Index}") : "cpu-torch";
}
