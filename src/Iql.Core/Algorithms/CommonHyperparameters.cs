using System.Collections.Frozen;

namespace Iql.Algorithms;

/// <summary>What hyperparameters of several algorithms mean: a name means one thing in all of them.</summary>
public static class CommonHyperparameters
{
    const string AtLeast0 = "[0, ∞)", AtLeast1 = "[1, ∞)", Above0 = "(0, ∞)";

    /// <summary>By name, in camelCase.</summary>
    public static FrozenDictionary<string, HyperparameterAttribute> Meanings { get; } =
        new Dictionary<string, HyperparameterAttribute>
        {
            ["actions"] = new("What the data's actions are: numbers or choices") { SetByRun = true },
            ["actionLimit"] = new("Bound of the data's actions, plus and minus")
            { Range = "(0, 1]", Hint = "LIMIT", ContinuousOnly = true },
            ["actionChoice"] = new("What an evaluated policy takes: its mean or likeliest action, or a draw"),
            ["batchSize"] = new("Transitions a step") { Range = AtLeast1, Hint = "ROWS", Option = "batch" },
            ["candidates"] = new("Actions drawn at a state, where the best of several is taken") { Range = AtLeast1 },
            ["cosineSteps"] = new("Steps of the cosine: those of the run") { Range = AtLeast1, SetByRun = true },
            ["criticLearningRate"] = Rate("Adam's learning rate of the critics"),
            ["critics"] = new("Critics; of two the minimum is taken") { Range = "[1, 2]" },
            ["discount"] = new("Discount γ") { Range = "[0, 1]", Hint = "GAMMA" },
            ["dropout"] = new("Share of the policy's hidden activations dropped while training")
            { Range = "[0, 1)", Hint = "SHARE", OffAtZero = true },
            ["entropyInBackup"] = new("Whether the critics' target counts the entropy") { ContinuousOnly = true },
            ["hiddenSizes"] = new("Widths of every network's hidden layers") { Hint = "WIDTHS", Option = "hidden" },
            ["initialLogTemperature"] =
                new("Logarithm of the entropy's temperature at the start, where it learns") { ContinuousOnly = true },
            ["initialisation"] = new("Start of weights: the paper's code or PyTorch, the last layer alike or small"),
            ["inverseTemperature"] =
                new("Inverse temperature β of the policy's weights: 0 is behaviour cloning, larger is greedier")
                { Range = AtLeast0, Hint = "BETA" },
            ["logStdMax"] = new("Upper bound of the Gaussian's ln σ") { ContinuousOnly = true },
            ["logStdMin"] = new("Lower bound of the Gaussian's ln σ") { Below = "LogStdMax", ContinuousOnly = true },
            ["maxAdvantageWeight"] = new("Cap on the policy's weights") { Range = Above0, Hint = "WEIGHT" },
            ["meanTanh"] = new("Whether the Gaussian's mean goes through tanh") { ContinuousOnly = true },
            ["policyDelay"] = new("The policy learns at every N-th step; in td3bc all targets too")
            { Range = AtLeast1 },
            ["policyKind"] = new("The policy; a deterministic one learns by squared error") { ContinuousOnly = true },
            ["policyLearningRate"] = Rate("Adam's learning rate of the policy, before its schedule"),
            ["policySchedule"] = new("How the policy's learning rate moves, the cosine to 0 at the last step"),
            ["polyakStep"] = new("Share α of networks that moves to targets") { Range = "(0, 1]", Hint = "ALPHA" },
            ["targetEntropy"] = new("Entropy held, a dimension of an action") { Hint = "NATS", ContinuousOnly = true },
            ["weightDecay"] = new("Decay of the policy's parameters")
            { Range = AtLeast0, Hint = "DECAY", OffAtZero = true },
        }.ToFrozenDictionary();

    static HyperparameterAttribute Rate(string description) => new(description) { Range = AtLeast0, Hint = "RATE" };
}
