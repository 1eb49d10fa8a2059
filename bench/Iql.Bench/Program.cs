using System.Diagnostics;
using Iql;
using Iql.Algorithms;
using Iql.Bench;
using Iql.Compile;
using Iql.Data;
using Iql.Graph;

// One full IQL gradient step (hopper sizes, batch 256, 2 × 256) as the training loop runs it: sampling, the compiled step, two
// alternating sets of blocks. The FMA peak is probed before and after; shares refer to the larger.
const int Observations = 11, Actions = 3;
var threadCounts = args.Length > 0 ? args[0].Split(',').Select(int.Parse).ToArray() : [1, 2];
var betas = args.Length > 1 ? args[1].Split(',').Select(double.Parse).ToArray() : [3.0];
var rows = args.Length > 2 ? int.Parse(args[2]) : 1_000_000;

var learner = ImplicitQLearning.Learner(new ImplicitQLearningConfig(), Observations, Actions, betas);
var products = Order.Of(Simplify.Apply(learner.Step.WithoutMetrics().Results)).Where(node => node.Op == Op.MatMul);
var flop = products.Sum(node => 2.0 * node.Shape.Count * node.Sources[0].Shape[node.Integers[0] == 1 ? -2 : -1]);
var compileWatch = Stopwatch.StartNew();
using var compiled = CompiledGraph.Compile(learner.Step.WithoutMetrics());
Console.WriteLine($"in place {compiled.RunsInPlace}, arena {compiled.MemoryLength * 4 / 1024} KB {compiled.InstructionSet}, {flop / 1e6:F0} MFLOP a step, compiled in {compileWatch.ElapsedMilliseconds} ms");

var seed = new Seed(1);
var random = new Random(1);
float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
var transitions = new Transitions("random", Observations, Actions, Numbers(rows * Observations), Numbers(rows * Actions), Numbers(rows),
    new bool[rows], [.. Enumerable.Range(0, rows).Select(i => i % 1000 == 999)], Numbers(rows * Observations));
var sampler = new Sampler(transitions, learner.Batch);
using var batch = new TensorBlock(learner.Batch);

foreach (var threads in threadCounts)
{
    using var team = new WorkerTeam(threads);
    var before = FmaPeak.Measure(threads);
    var now = learner.Initialise(seed).ToArray();
    var next = now.Select(block => block.Clone()).ToArray();
    double[] scalars = [seed.AsScalar(), 0, .. learner.Hyperparameters];
    long step = 0;
    void Steps(int count)
    {
        for (var i = 0; i < count; i++, step++)
        {
            sampler.Fill(batch, seed, step);
            scalars[1] = step;
            compiled.Run([.. now, batch], scalars, compiled.RunsInPlace ? now : next, [], team);
            if (!compiled.RunsInPlace) (now, next) = (next, now);
        }
    }
    Steps(100);
    var rates = new List<double>();
    for (var round = 0; round < 40; round++)
    {
        var watch = Stopwatch.StartNew();
        Steps(40);
        rates.Add(40 / watch.Elapsed.TotalSeconds);
    }
    var peak = Math.Max(before, FmaPeak.Measure(threads));
    rates.Sort();
    if (args.Contains("report"))
    {
        compiled.IsTimed = true;
        Steps(1000);
        foreach (var (kernel, seconds) in compiled.Kernels.Zip(compiled.KernelSeconds)) Console.WriteLine($"{kernel.Phase} {seconds * 1e3,8:F1} us {kernel}");
        Console.WriteLine($"sum {compiled.KernelSeconds.Sum() * 1e3:F0}");
        compiled.IsTimed = false;
    }
    Console.WriteLine($"{threads} thread(s): {rates[20]:F0} steps/s (p10 {rates[4]:F0}, p90 {rates[36]:F0}), {rates[20] * flop / 1e9 / peak:P1} of {peak:F0}; p90 {rates[36] * flop / 1e9 / peak:P1}");
}
