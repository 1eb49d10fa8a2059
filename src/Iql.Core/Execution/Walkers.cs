using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Iql.Execution;

/// <summary>Makes a stretch of a run, with temporaries in a space that its list has to itself from its first stretch of the run to its last.</summary>
delegate void Walk(int worker, int space, long run, in Stretch stretch);

/// <summary>
/// Walks lists of stretches, run after run. A worker has one list or several, and takes of those whose next stretch waits for nobody the
/// most urgent; one that has done a run may be at the next while others are still at the one before. A list that begins a run gets the space
/// for temporaries that its worker used last, which is still in the cache. Mutable.
/// </summary>
/// <param name="count">Number of workers.</param>
/// <param name="workers">The worker of every list.</param>
/// <param name="stretches">The lists.</param>
/// <param name="length">Kernels of a run.</param>
/// <param name="walk">Makes a stretch.</param>
sealed unsafe class Walkers(int count, IReadOnlyList<int> workers, ImmutableArray<Stretch>[] stretches, int length, Walk walk)
{
    // Longs between what two workers write: processors fetch lines in pairs.
    const int Apart = 16;

    // Kernels passed since the beginning, which others look at, and apart from it the run and the stretch a list is at.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    struct Place
    {
        [FieldOffset(0)] public long Passed;
        [FieldOffset(128)] public long Run;
        [FieldOffset(136)] public int Stretch;
        [FieldOffset(140)] public int Space;
    }

    readonly int[][] listsOf = [.. Enumerable.Range(0, count).Select(worker => Enumerable.Range(0, stretches.Length).Where(list => workers[list] == worker).ToArray())];
    readonly Place* places = (Place*)NativeMemory.AlignedAlloc((nuint)(stretches.Length * sizeof(Place)), 128);
    readonly int[][] spaces = [.. Enumerable.Range(0, count).Select(_ => new int[1 + stretches.Length + 2 * Apart])]; // of each worker how many are free, then which
    readonly long[] begun = new long[count * Apart];
    long started;

    /// <summary>Runs that have begun.</summary>
    public long Started => started;

    /// <summary>Puts every list at the beginning of the next run; nobody walks.</summary>
    public void Rewind()
    {
        Array.Fill(begun, started);
        for (var worker = 0; worker < listsOf.Length; worker++)
        {
            listsOf[worker].CopyTo(spaces[worker], 1);
            spaces[worker][0] = listsOf[worker].Length;
        }
        for (var i = 0; i < stretches.Length; i++) places[i] = new() { Passed = PositionAt(stretches[i], started, 0), Run = stretches[i].IsEmpty ? long.MaxValue : started };
    }

    /// <summary>Lets the next run begin: every worker is going to <see cref="Work"/> once.</summary>
    public void Begin() => Volatile.Write(ref started, started + 1);

    /// <summary>Waits until every list is through the run before the one that began last.</summary>
    public void AwaitLastButOne()
    {
        for (var list = 0; list < stretches.Length; list++) Await(list, (started - 1) * length);
    }

    /// <summary>Before the next run begins: waits until every list has passed a position, which counts back from the end of the last one.</summary>
    public void Await(int[] positions)
    {
        for (var list = 0; list < stretches.Length; list++) Await(list, started * length + Math.Min(0, positions[list]));
    }

    void Await(int list, long position)
    {
        for (var spins = 0; !HasPassed(list, position); spins++) WorkerTeam.Pause(spins);
    }

    bool HasPassed(int list, long position) => Volatile.Read(ref places[list].Passed) >= position;

    /// <summary>All that a worker does in a run, and of the next, once that has begun, what is more urgent than the rest.</summary>
    public void Work(int worker)
    {
        var end = ++begun[worker * Apart];
        for (var spins = 0; ; spins++)
        {
            var known = Volatile.Read(ref started);
            var (best, urgency, isDone) = (-1, double.NegativeInfinity, true);
            foreach (var list in listsOf[worker])
            {
                ref var place = ref places[list];
                isDone &= place.Run >= end;
                if (place.Run >= known) continue;
                var stretch = stretches[list][place.Stretch];
                var value = place.Run < end ? stretch.Urgency.Now : stretch.Urgency.Next;
                if (value > urgency && IsReady(stretch, place.Run * length)) (best, urgency) = (list, value);
            }
            if (isDone) return;
            if (best < 0) WorkerTeam.Pause(spins);
            else
            {
                Go(worker, ref places[best], stretches[best]);
                spins = 0;
            }
        }
    }

    bool IsReady(in Stretch stretch, long origin)
    {
        foreach (var (list, position) in stretch.Waits)
            if (!HasPassed(list, origin + position)) return false;
        return true;
    }

    void Go(int worker, ref Place place, ImmutableArray<Stretch> stretches)
    {
        var free = spaces[worker];
        if (place.Stretch == 0) place.Space = free[free[0]--];
        walk(worker, place.Space, place.Run, stretches[place.Stretch]);
        if (++place.Stretch == stretches.Length)
        {
            (place.Stretch, place.Run) = (0, place.Run + 1);
            free[++free[0]] = place.Space;
        }
        Volatile.Write(ref place.Passed, PositionAt(stretches, place.Run, place.Stretch));
    }

    // Kernels behind which a list has nothing, when its worker comes to a stretch of a run.
    long PositionAt(ImmutableArray<Stretch> stretches, long run, int stretch) => stretches.IsEmpty ? long.MaxValue : run * length + stretches[stretch].Kernels[0];

    /// <summary>Gives the memory back.</summary>
    public void Free() => NativeMemory.AlignedFree(places);
}
