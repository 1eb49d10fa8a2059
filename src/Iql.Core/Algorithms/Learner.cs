using System.Collections.Immutable;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>What a training loop needs of an algorithm: layouts and start of the state, the traced step, the acting
/// policy. One learner may train several members (policies with their own inverse temperature) on one shared part
/// (value function and critics); every member gets the bits it would get alone.</summary>
/// <param name="Blocks">State: block 0 is shared, the others a member each, of one shape. One may be empty.</param>
/// <param name="Batch">Columns of a minibatch by their names: <see cref="BatchLayout"/> makes the usual ones.</param>
/// <param name="Step">One training step, the first of <see cref="Programs"/>. Inputs: the blocks, then the batch.
/// Scalars: "seed" (<see cref="Seed.AsScalar"/>), "step" (steps already made), then hyperparameters. Outputs: the next
/// blocks. Metrics of member i are named "i:name", shared ones "name".</param>
/// <param name="Hyperparameters">Values of Step's scalars after "seed" and "step".</param>
/// <param name="Initialise">Blocks at step 0.</param>
/// <param name="Act">The evaluated policy for E rows, one an episode. Inputs: shared block, member block (layout of
/// Blocks[1]), a block "observations" of "observations" [E, S] and, where the policy takes it, "rewards" [E]: of the
/// decision before, normalised as the data's, 0 at the first. Output: a block "actions" of "actions" [E, A], within ±1.
/// A policy with a memory has one more block, of any layout, at the end of inputs and outputs: an output is the input
/// of the next decision, 0 at the first. A row depends on the same row alone. Scalars: "seed" (the evaluation's),
/// "decision" (decisions made: 0, 1, …), and hyperparameters of Step, "name" where Step has "i:name".</param>
/// <param name="Probe">The policy's weights of E transitions, or null when it has none. Inputs: shared block, member
/// block, a batch of E rows. Scalars: hyperparameters as in Act. Output: a block "probe" of "weights",
/// "advantages" and "values", [E] each.</param>
public sealed record Learner(
    string Algorithm, ImmutableArray<Layout> Blocks, Layout Batch, GraphFunction Step,
    ImmutableArray<double> Hyperparameters, Func<Seed, ImmutableArray<TensorBlock>> Initialise,
    Func<int, GraphFunction> Act, Func<int, GraphFunction>? Probe = null)
{
    /// <summary>All programs of a step, alike in inputs, scalars and layouts of outputs; metrics may differ.</summary>
    public ImmutableArray<GraphFunction> Programs { get; init; } = [Step];
    /// <summary>Act with the policy's own draws, whatever an evaluated policy takes; null where it has none.</summary>
    public Func<int, GraphFunction>? Explore { get; init; }
    /// <summary>ln π(a|s) of the policy that <see cref="Explore"/> draws from, for E rows; null of one that is
    /// deterministic. Inputs: shared block, member block, a block of "observations" and "actions". Scalars as Act has
    /// them. Output: a block of "logProbabilities" [E], in nats: of choices, or of the density of actions.</summary>
    public Func<int, GraphFunction>? LogProbability { get; init; }
    /// <summary>Its programs where optimizers began anew at a step: Adam counts the updates since.</summary>
    public Func<long, ImmutableArray<GraphFunction>>? ProgramsSince { get; init; }
    /// <summary>Why it cannot go on online, the end of a sentence; null where it can.</summary>
    public string? OfflineOnly { get; init; }
    /// <summary>The learned value of a state, or null.</summary>
    public StateValue? Value { get; init; }
    /// <summary>The program of a step, by the number of steps already made: a delayed policy, phases.</summary>
    public Func<long, int> Choose { get; init; } = static _ => 0;
    /// <summary>The source of minibatches, of data in memory; null is a <see cref="Sampler"/> of rows.</summary>
    public Func<Transitions, IBatchSource>? Batches { get; init; }
    /// <summary>The program of a step, by the number of steps already made.</summary>
    public GraphFunction StepAt(long step) => Programs[Choose(step)];

    /// <summary>The learner whose optimizers began anew at a step. Schedules and draws go on.</summary>
    internal Learner Since(long step)
    {
        var programs = ProgramsSince!(step);
        return this with { Programs = programs, Step = programs[0] };
    }

    /// <summary>How it counts the returns to go of a <see cref="Sampler"/>'s rows; null where it needs none.</summary>
    public ReturnRule? Returns { get; init; }

    /// <summary>A source of this learner's minibatches.</summary>
    /// <exception cref="ArgumentException">The data lack something the learner needs (next actions, …).</exception>
    public IBatchSource Source(IDataset transitions) =>
        Batches?.Invoke(transitions.InMemory(Algorithm)) ?? new Sampler(transitions, Batch);

    /// <summary>A run of this learner, for a device.</summary>
    /// <param name="batches">This learner's <see cref="Source"/>.</param>
    /// <param name="state">Where to start: blocks of <see cref="Blocks"/>.</param>
    public RunStart Run(IBatchSource batches, LearnerState state)
    {
        Check.That(state.Blocks.Length == Blocks.Length, nameof(state), $"{Blocks.Length} blocks", state.Blocks.Length);
        return new(Programs, Choose, Hyperparameters, batches, state);
    }

    /// <summary>Number of policies trained side by side.</summary>
    public int Members => Blocks.Length - 1;
    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"Learner {Algorithm}: {Members} members, batch {Batch["observations"].Shape[0]}");
    /// <summary>A member's scalars of a graph like <see cref="Act"/>, at the first decision.</summary>
    internal double[] Scalars(GraphFunction function, Seed seed, int member) => [.. function.Scalars.Select(name =>
        name == "seed" ? seed.AsScalar() : name == "decision" ? 0 : Hyperparameter(name, member))];

    /// <summary>Value of a hyperparameter for one member: of the scalar "member:name", or of "name".</summary>
    public double Hyperparameter(string name, int member)
    {
        var index = Step.Scalars.IndexOf($"{member}:{name}");
        if (index < 0) index = Step.Scalars.IndexOf(name);
        Check.That(index >= 2, Algorithm, $"a scalar of its step, {string.Join(", ", Step.Scalars.Skip(2))}", name);
        return Hyperparameters[index - 2];
    }
}
