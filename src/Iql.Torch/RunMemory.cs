using System.Collections.Immutable;
using Iql.Data;
using Iql.Graph;

namespace Iql.Torch;

/// <summary>The memory that training runs need on a device, reckoned from their graphs before any is taken.</summary>
static class RunMemory
{
    // Of what is free, for blocks that an allocator leaves between others.
    const double Usable = 0.9;

    // A random number passes through some 16 tensors of 64 bits.
    const int RandomBytes = 128;

    // What malloc keeps for what is alive: 25 MB for a run of IQL that needs 13, with 48 runs on Debian 12.
    const int HostFactor = 2;

    /// <summary>Bytes of one run: its state, a minibatch and, at the widest moment of a step, what is computed and
    /// still needed. Host memory also holds the state's blocks and the minibatch as drawn.</summary>
    /// <param name="programs">Programs of the state's vectors.</param>
    public static long Bytes(IReadOnlyList<GraphFunction> programs, NumberType type, Place place)
    {
        var held = programs[0].Inputs.Sum(layout => layout.Entries.Sum(entry => (long)entry.Shape.Count));
        var number = type == NumberType.Float64 ? sizeof(double) : sizeof(float);
        var alive = held * number + programs.Max(program => Widest(program, number));
        return place.IsCuda ? alive : HostFactor * (alive + held * sizeof(float));
    }

    /// <summary>Bytes free on a device now.</summary>
    public static long Free(Place place) =>
        place.IsCuda ? NvidiaDriver.FreeBytes(place.Index) : AvailableMemory.Bytes();

    /// <summary>Throws where R runs do not fit.</summary>
    /// <exception cref="InputException">It names the R that fits.</exception>
    public static void Require(long bytes, int runs, long free)
    {
        var most = (long)(free * Usable) / bytes;
        string room = AvailableMemory.Size(free), one = AvailableMemory.Size(bytes);
        Check.That(most > 0, "--together", $"{one} of free memory for one run", room,
            "Choose narrower layers, a smaller batch or --device cpu.");
        Check.That(runs <= most, "--together", $"at most {most} runs for {room} of free memory",
            $"{runs}, which need {AvailableMemory.Size((double)bytes * runs)}", $"Choose --together {most}.");
    }

    // Numbers of results stay to the end; others go after their last use. Views hold the memory of their source.
    static long Widest(GraphFunction function, int number)
    {
        var results = Simplify.Apply(function.Results);
        var order = Order.Of(results);
        var owner = new Dictionary<Tensor, Tensor>();
        var last = new Dictionary<Tensor, int>();
        for (var i = 0; i < order.Count; i++)
        {
            var node = order[i];
            owner[node] = node.Op is Op.Reshape or Op.Slice or Op.Transpose or Op.Broadcast or Op.StopGradient
                ? owner[node.Sources[0]] : node;
            foreach (var source in node.Sources.Append(node)) last[owner[source]] = i;
        }
        foreach (var result in results) last[owner[result]] = int.MaxValue;
        var ends = last.ToLookup(pair => pair.Value, pair => pair.Key);
        var (live, widest) = (0L, 0L);
        for (var i = 0; i < order.Count; i++)
        {
            var node = order[i];
            if (owner[node] == node) live += Own(node);
            widest = Math.Max(widest, live + (node.Op is Op.RandomUniform or Op.RandomNormal
                ? (long)node.Shape.Count * RandomBytes : 0));
            live -= ends[i].Sum(Own);
        }
        return widest;

        long Own(Tensor node) => node.Op is Op.Input or Op.Constant ? 0 : (long)node.Shape.Count * number;
    }
}
