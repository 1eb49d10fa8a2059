using System.Collections.Immutable;
using Iql.Data;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>Everything a training loop needs to know of an algorithm, as a value: what its state looks like, how it
/// starts, the traced step, and how its policy acts. One learner may train several members (policies with their own
/// inverse temperature) on one shared part (value function and critics); every member gets the bits it would get
/// alone.</summary>
/// <param name="Algorithm">Short name, "iql".</param>
/// <param name="Blocks">State: block 0 is shared, the others a member each, of one shape. One may be empty.</param>
/// <param name="Batch">Columns of a minibatch by their names: <see cref="BatchLayout"/> makes the usual ones.</param>
/// <param name="Step">One training step; where <see cref="Programs"/> are several, the first of them. Inputs: the
/// blocks, then the batch. Scalars: "seed" (<see cref="Seed.AsScalar"/>), "step" (number of steps already made), then
/// one per hyperparameter. Outputs: the next blocks. Metrics of member i are named "i:name", shared ones
/// "name".</param>
/// <param name="Hyperparameters">Values of Step's scalars after "seed" and "step".</param>
/// <param name="Initialise">Blocks at step 0.</param>
/// <param name="Act">For a number of rows E, one an episode: what the policy does when evaluated. Inputs: shared block,
/// member block (Blocks[1]'s layout), a block "observations" with the entry "observations" [E, S] and, if it wants it,
/// "rewards" [E]: the reward of the decision before, as the data's were normalised, 0 at the first. Output: a block
/// "actions" with the entry "actions" [E, A], within ±1. A policy that remembers has one block more, at the end of
/// inputs and of outputs, of any layout: what it makes of it at a decision comes back at the next; at the first it is
/// all zeros. Every row must be computed of its own row alone. Scalars, by name: "seed" (the evaluation's), "decision"
/// (decisions made before: 0, 1, …), and hyperparameters of Step, "name" where Step has "i:name".</param>
/// <param name="Probe">For a number of rows E: what the policy's objective makes of transitions, or null when the
/// algorithm weighs none. Inputs: shared block, member block (Blocks[1]'s layout), a batch of E rows. Scalars: by their
/// names in Step, "name" where Step has "i:name". Output: a block "probe" with the entries "weights", "advantages" and
/// "values", each [E].</param>
public sealed record Learner(
    string Algorithm,
    ImmutableArray<Layout> Blocks,
    Layout Batch,
    GraphFunction Step,
    ImmutableArray<double> Hyperparameters,
    Func<Seed, ImmutableArray<TensorBlock>> Initialise,
    Func<int, GraphFunction> Act,
    Func<int, GraphFunction>? Probe = null)
{
    /// <summary>All programs of a training step, <see cref="Step"/> first. They agree in inputs, scalars and layouts of
    /// outputs, each has its own metrics; what a program has no business with, it hands on as it is.</summary>
    public ImmutableArray<GraphFunction> Programs { get; init; } = [Step];

    /// <summary>What the learner makes of a state, or null where it learns no values.</summary>
    public StateValue? Value { get; init; }
    /// <summary>The program of a step, by the number of steps already made: a delayed policy, phases.</summary>
    public Func<long, int> Choose { get; init; } = static _ => 0;

    /// <summary>The source of minibatches, of data in memory; throws an ArgumentException when they lack something.
    /// Null draws rows, also of a <c>RowFile</c>: <see cref="Sampler"/>.</summary>
    public Func<Transitions, IBatchSource>? Batches { get; init; }

    /// <summary>The program of a step.</summary>
    /// <param name="step">Steps already made, at least 0.</param>
    public GraphFunction StepAt(long step) => Programs[Choose(step)];

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

    /// <summary>A member's scalars of a graph like <see cref="Act"/>, at the first decision.</summary>
    internal double[] Scalars(GraphFunction function, Seed seed, int member) =>
    [
        .. function.Scalars.Select(name =>
            name == "seed" ? seed.AsScalar() : name == "decision" ? 0 : Hyperparameter(name, member)),
    ];

    /// <summary>Value of a hyperparameter for one member: of the scalar "member:name", or of "name".</summary>
    /// <exception cref="ArgumentException">Step has neither.</exception>
    public double Hyperparameter(string name, int member)
    {
        var index = Step.Scalars.IndexOf($"{member}:{name}");
        if (index < 0) index = Step.Scalars.IndexOf(name);
        Check.That(index >= 2, Algorithm, $"a scalar of its step, {string.Join(", ", Step.Scalars.Skip(2))}", name);
        return Hyperparameters[index - 2];
    }
}
