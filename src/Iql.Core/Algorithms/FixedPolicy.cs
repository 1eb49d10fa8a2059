using System.Collections.Immutable;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>A policy that no longer learns, inside another learner's step: what it reads of its own learner's blocks,
/// as one block.</summary>
public sealed class FixedPolicy
{
    readonly Learner learner;
    readonly LearnerState state;

    /// <summary>The policy that a learner evaluates.</summary>
    /// <param name="learner">Of one member.</param>
    /// <param name="state">Where it stands.</param>
    /// <exception cref="InputException">It has a memory of its episode.</exception>
    public FixedPolicy(Learner learner, LearnerState state, bool discrete)
    {
        (this.learner, this.state, IsDiscrete) = (learner, state, discrete);
        var function = learner.Act(1);
        if (function.Inputs.Length > 3 || function.Inputs[2].Contains("rewards"))
            throw new InputException($"{learner.Algorithm}: expected a policy of the observation alone, got one that "
                + "remembers its episode. Nobody knows its action at a state of the data. Score it in an environment.");
        HashSet<string> read =
            [.. Order.Of(function.Results).Where(node => node.Op == Op.Input).Select(node => node.Name)];
        Reads = [.. function.Inputs.Take(2).SelectMany((block, i) => block.Entries
            .Where(entry => read.Contains($"{block.Name}/{entry.Name}"))
            .Select(entry => (Name: $"{Parts[i]}/{entry.Name}", entry.Shape)))];
        ObservationSize = function.Inputs[2].Entries[0].Shape.Count;
        ActionSize = function.Outputs[0].Layout.Entries[0].Shape.Count;
    }

    static readonly string[] Parts = ["shared", "member"];

    public int ObservationSize { get; }
    public int ActionSize { get; }
    public bool IsDiscrete { get; }

    /// <summary>The tensors that deciding reads.</summary>
    public ImmutableArray<(string Name, Shape Shape)> Reads { get; }

    /// <summary>Writes them into a block that has them.</summary>
    public void Write(TensorBlock block)
    {
        foreach (var (name, _) in Reads)
        {
            var part = Array.IndexOf(Parts, name[..name.IndexOf('/', StringComparison.Ordinal)]);
            block.Write(name, state.Blocks[part].Read(name[(Parts[part].Length + 1)..]));
        }
    }

    /// <summary>Its actions, [E, A], within ±1. Of discrete actions the shares of the choices, which sum to 1: equal
    /// largest ones share.</summary>
    /// <param name="block">A block with <see cref="Reads"/>.</param>
    /// <param name="observations">s, [E, S], as the policy learned them: normalised.</param>
    /// <param name="decision">Number of the draw, a scalar, where it draws its actions.</param>
    public Tensor Actions(TensorGroup block, Tensor observations, Tensor decision)
    {
        var function = learner.Act(observations.Shape[0]);
        var inputs = function.Inputs.Take(2).Zip(Parts, (layout, part) => (Prefix: layout.Name + "/", part)).ToArray();
        var actions = function.Replaced(Bound).Outputs[0]["actions"];
        return IsDiscrete ? actions / Tensor.Sum(actions, 1) : actions;

        Tensor? Bound(Tensor node)
        {
            if (node.Op != Op.Input) return null;
            if (node.Name == "observations/observations") return observations;
            foreach (var (prefix, part) in inputs)
                if (node.Name.StartsWith(prefix, StringComparison.Ordinal))
                    return block[$"{part}/{node.Name[prefix.Length..]}"];
            return node.Name switch
            {
                "seed" => node,
                "decision" => decision,
                var hyperparameter => learner.Hyperparameter(hyperparameter, 0),
            };
        }
    }
}
