using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime;
using Iql.Algorithms;
using Iql.Cpu;
using Iql.Data;
using Iql.Execution;
using Iql.Training;

namespace Iql.Measurement;

/// <summary>How a learner's steps are timed: in many short windows, since machines are shared and a long one hides what disturbed it.</summary>
/// <param name="Count">Number of windows, at least 1.</param>
/// <param name="Seconds">About how long a window is, positive; it holds at least one step.</param>
/// <param name="WarmUp">
/// Seconds of steps before the first window, in which the runtime compiles what it meets often; several times as many where it goes on to.
/// </param>
public sealed record StepWindows(int Count = 40, double Seconds = 0.1, double WarmUp = 0.3);

/// <summary>One window's rate, and how far the cores of a trainer's threads were from each other then.</summary>
/// <param name="StepsPerSecond">Of all trainers together.</param>
/// <param name="Distance">Known where a trainer's two threads have the machine's two cores.</param>
public readonly record struct StepWindow(double StepsPerSecond, CoreDistance Distance = CoreDistance.Unknown);

/// <summary>Steps a second of one trainer, or of several side by side, window by window.</summary>
/// <param name="Windows">The windows, by ascending rate.</param>
/// <param name="FlopPerStep">Floating-point operations of the products in one step, two for each multiply-add.</param>
/// <param name="BytesPerStep">Bytes of managed memory allocated a step.</param>
public sealed record StepRate(ImmutableArray<StepWindow> Windows, double FlopPerStep, double BytesPerStep)
{
    /// <summary>How often metrics are asked for, as a run of default configuration does.</summary>
    public const int LogEvery = 1_000;

    const int RoundSteps = 10, MostWarmUps = 8;

    /// <summary>The rate of the middle window.</summary>
    public double Median => Quantile(0.5);

    /// <summary>The rate that a share of the windows stays below.</summary>
    public double Quantile(double share) => Windows[Math.Min((int)(share * Windows.Length), Windows.Length - 1)].StepsPerSecond;

    /// <summary>The windows of one distance alone.</summary>
    public StepRate At(CoreDistance distance) => this with { Windows = Windows.RemoveAll(window => window.Distance != distance) };

    /// <summary>Whole training steps, sampling and metrics at <see cref="LogEvery"/> included.</summary>
    /// <param name="learner">What is trained; every trainer has a state of its own.</param>
    /// <param name="transitions">What it learns from.</param>
    /// <param name="threads">Threads of each trainer.</param>
    /// <param name="sideBySide">Number of trainers; they share the source of their batches.</param>
    /// <param name="windows">How long.</param>
    /// <param name="firstStep">Steps taken for made already, at least 0: a learner of several phases makes those of a later one.</param>
    public static StepRate Measure(Learner learner, Transitions transitions, int threads, int sideBySide, StepWindows windows, long firstStep = 0)
    {
        Check.AtLeast(firstStep, 0, nameof(firstStep));
        Check.AtLeast(sideBySide, 1, nameof(sideBySide));
        Check.AtLeast(windows.Count, 1, nameof(windows.Count));
        Check.AtLeast(windows.Seconds, 0, nameof(windows.Seconds));
        var source = learner.Source(transitions);
        var tracks = Enumerable.Range(0, sideBySide).Select(i => new Track(learner, source, new Seed((ulong)i), threads, firstStep)).ToArray();
        try
        {
            using var start = new Barrier(sideBySide);
            var stop = new Stop();
            var others = tracks.Skip(1).Select(track => new Thread(() => track.Run(windows, start, stop))).ToArray();
            foreach (var thread in others) thread.Start();
            tracks[0].Run(windows, start, stop);
            foreach (var thread in others) thread.Join();
            var shared = tracks.Min(track => track.Windows.Count);
            var together = Enumerable.Range(0, shared).Select(i => tracks[0].Windows[i] with { StepsPerSecond = tracks.Sum(track => track.Windows[i].StepsPerSecond) })
                .OrderBy(window => window.StepsPerSecond);
            return new([.. together], tracks[0].FlopPerStep, tracks.Max(track => track.BytesPerStep));
        }
        finally
        {
            foreach (var track in tracks) track.Dispose();
        }
    }

    /// <summary>
    /// Microseconds a step of the first worker in every kernel of the first program without metrics, the median over rounds of ten steps.
    /// </summary>
    /// <param name="learner">What is trained.</param>
    /// <param name="transitions">What it learns from.</param>
    /// <param name="threads">Threads that share a step.</param>
    /// <param name="rounds">Rounds of ten steps, at least 1.</param>
    public static ImmutableArray<(KernelInfo Kernel, double Microseconds)> Kernels(Learner learner, Transitions transitions, int threads, int rounds)
    {
        Check.AtLeast(rounds, 1, nameof(rounds));
        using var track = new Track(learner, learner.Source(transitions), new Seed(0), threads);
        var program = track.Trainer.Program(0);
        track.WarmUp(new());
        program.IsTimed = true;
        var times = new double[rounds][];
        for (var round = 0; round < rounds; round++)
        {
            var before = program.KernelSeconds;
            for (var i = 0; i < RoundSteps; i++) track.Trainer.Advance();
            track.Trainer.Finish();
            times[round] = [.. program.KernelSeconds.Zip(before, (now, then) => (now - then) / RoundSteps * 1e6)];
        }
        return [.. program.Kernels.Select((kernel, i) => (kernel, times.Select(round => round[i]).Order().ElementAt(rounds / 2)))];
    }

    sealed class Stop
    {
        public volatile bool Asked;
    }

    sealed class Track : IDisposable
    {
        readonly WorkerTeam team;

        readonly long firstStep;

        public Track(Learner learner, IBatchSource source, Seed seed, int threads, long firstStep = 0)
        {
            team = new(threads);
            this.firstStep = firstStep;
            Trainer = new(learner, source, Trainer.Start(learner, seed) with { Step = firstStep }, team);
        }

        public Trainer Trainer { get; }
        public List<StepWindow> Windows { get; } = [];
        public double BytesPerStep { get; private set; }

        // A learner whose programs take turns has its mean over some turns.
        public double FlopPerStep => Enumerable.Range(0, 12).Average(step => Trainer.Program(firstStep + step).Kernels.Sum(kernel => kernel.Flop));

        // Ends with the first track that has all its windows, for a rate without company would not count; but with one window at least,
        // however late the system lets a track begin.
        public void Run(StepWindows windows, Barrier start, Stop stop)
        {
            Windows.Capacity = windows.Count;
            var steps = (int)Math.Clamp(WarmUp(windows) * windows.Seconds, 1, 1e6);
            var bytes = 0L;
            start.SignalAndWait();
            var before = Distance();
            do
            {
                var (began, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
                for (var i = 0; i < steps; i++) Trainer.Advance(withMetrics: Trainer.Step % LogEvery == LogEvery - 1);
                Trainer.Finish();
                var rate = steps / Stopwatch.GetElapsedTime(began).TotalSeconds;
                bytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
                var after = Distance();
                Windows.Add(new(rate, before == after ? before : CoreDistance.Changing));
                before = after;
            } while (Windows.Count < windows.Count && !stop.Asked);
            BytesPerStep = bytes / (Windows.Count * (double)steps);
            stop.Asked = true;
        }

        // A host may move the processors of a virtual machine at any time. Where two threads are not all there is, they might have other cores.
        CoreDistance Distance() => team.Count == 2 && Environment.ProcessorCount == 2 ? CoreDistances.Of(PingPong.Nanoseconds()) : CoreDistance.Unknown;

        /// <summary>
        /// Steps a second at the end of it. The runtime compiles what was called often once more on a thread of its own, which takes a
        /// core from one of several trainers; so the warm-up is repeated until nothing was compiled in it, or it has lasted long enough.
        /// </summary>
        public double WarmUp(StepWindows windows)
        {
            Trainer.Advance(withMetrics: true);
            var (rate, compiled) = (Steps(windows.WarmUp), -1L);
            for (var i = 0; i < MostWarmUps && compiled != JitInfo.GetCompiledMethodCount(); i++)
            {
                compiled = JitInfo.GetCompiledMethodCount();
                rate = Steps(windows.WarmUp);
            }
            return rate;
        }

        double Steps(double seconds)
        {
            var (began, first) = (Stopwatch.GetTimestamp(), Trainer.Step);
            do Trainer.Advance(); while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds);
            Trainer.Finish();
            return (Trainer.Step - first) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        public void Dispose()
        {
            Trainer.Dispose();
            team.Dispose();
        }
    }
}
