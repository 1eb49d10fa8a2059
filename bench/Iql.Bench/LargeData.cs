using System.Diagnostics;
using Iql.Algorithms;
using Iql.Data;
using Iql.Data.Rows;
using Iql.Execution;
using Iql.Graph;
using Iql.Training;

namespace Iql.Bench;

/// <summary>
/// What sampling and training cost on a data set in memory or on disk: microseconds a batch, from a run of batches with the median and the
/// mean, and IQL steps a second (batch 256, 2 × 256) as the training loop makes them.
/// </summary>
static class LargeData
{
    internal const string Usage = "rows FILE.rows|N [memory|mapped|asking] [batches] [steps] [threads] [first step]";

    internal static int Run(string[] args)
    {
        string Word(int i, string standard) => args.Length > i ? args[i] : standard;
        var (kind, batches, steps, threads, first) =
            (Word(1, "asking"), int.Parse(Word(2, "2000")), int.Parse(Word(3, "1000")), int.Parse(Word(4, "1")), long.Parse(Word(5, "0")));
        IDataset data = int.TryParse(args[0], out var rows) ? Random(rows) : new RowFile(args[0], readAhead: kind == "asking");
        if (kind == "memory" && data is RowFile file) data = file.Rows(0, checked((int)file.Count));
        Console.Write($"{kind,-7} {data.Count,12:N0} rows of {data.ObservationSize} + {data.ActionSize}: ");

        var seed = new Seed(1);
        var learner = ImplicitQLearning.Learner(new ImplicitQLearningConfig(), data.ObservationSize, data.ActionSize, [3.0]);
        if (batches > 0)
        {
            var sampler = new Sampler(data, learner.Batch);
            using var batch = new TensorBlock(learner.Batch);
            var times = new double[batches];
            for (var i = 0; i < batches; i++)
            {
                var start = Stopwatch.GetTimestamp();
                sampler.Fill(batch, seed, first + i);
                times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }
            var mean = times.Average();
            Array.Sort(times);
            Console.Write($"{times[batches / 2]:F1} µs a batch (median; mean {mean:F1}, 99% {times[batches * 99 / 100]:F1}) ");
        }
        if (steps > 0)
        {
            using var team = new WorkerTeam(threads);
            using var trainer = new Trainer(learner, data, Trainer.Start(learner, new Seed((ulong)first + 2)), team);
            trainer.Advance();
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < steps; i++) trainer.Advance();
            Console.Write($"{steps / watch.Elapsed.TotalSeconds:F0} steps/s on {threads} thread(s)");
        }
        Console.WriteLine();
        return 0;
    }

    /// <summary>So many random rows, sizes of hopper.</summary>
    static Transitions Random(int rows)
    {
        const int s = 11, a = 3;
        var random = new Random(1);
        float[] Numbers(int size)
        {
            var numbers = new float[(long)rows * size];
            foreach (ref var number in numbers.AsSpan()) number = random.NextSingle() * 2 - 1;
            return numbers;
        }
        return new("random", s, a, Numbers(s), Numbers(a), Numbers(1), new bool[rows], new bool[rows], Numbers(s));
    }
}
