using Iql.Networks;

namespace Iql.Algorithms;

/// <summary>How <see cref="Onestep"/> improves upon the behaviour policy β, once.</summary>
public enum PolicyImprovement
{
    /// <summary>Climb Q, held near β by α KL(π ‖ β).</summary>
    ReverseKL,
    /// <summary>Clone by weights min(e^{T A}, cap).</summary>
    ExponentialWeights,
    /// <summary>Easy BCQ: of M samples of β do the one of the largest Q. Nothing is learned.</summary>
    EasyBCQ,
}

/// <summary>Steps of the behaviour policy, then of the critic, then of the policy: "5:20:1".</summary>
public readonly record struct Phases(int Behaviour, int Critic, int Policy) : IHyperparameterValue<Phases>
{
    public static string Expected => "three whole numbers of at least 1, such as 5:20:1";
    public static bool TryParse(string word, out Phases value)
    {
        var steps = word.Split(':').Select(NumberText.Whole).ToArray();
        value = steps.Length == 3 ? new(steps[0] ?? 0, steps[1] ?? 0, steps[2] ?? 0) : default;
        return value is { Behaviour: >= 1, Critic: >= 1, Policy: >= 1 };
    }

    public override string ToString() => $"{Behaviour}:{Critic}:{Policy}";
}

/// <summary>The hyperparameters of <see cref="Onestep"/>; defaults: davidbrandfonbrener/onestep-rl.</summary>
public sealed record OnestepConfig : IAlgorithmConfig
{
    public override string ToString() => Hyperparameters.Line(this);

    [Hyperparameter("The improvement: climb Q near the behaviour policy, weighted cloning, or the best of its samples")]
    public PolicyImprovement Improvement { get; init; } = PolicyImprovement.ReverseKL;
    [Hyperparameter("Weight α of the divergence from the behaviour policy: 0 trusts the critic alone, large clones",
        Range = "[0, ∞)", Hint = "ALPHA", PerPolicy = true)]
    public double DivergenceWeight { get; init; } = 1;
    [Hyperparameter(PerPolicy = true)] public double InverseTemperature { get; init; } = 0.01;
    [Hyperparameter] public int Candidates { get; init; } = 10;
    [Hyperparameter("Steps of behaviour policy, critic and policy; a run keeps their proportions", Hint = "STEPS")]
    public Phases Phases { get; init; } = new(500_000, 2_000_000, 100_000);
    [Hyperparameter] public int Critics { get; init; } = 1;
    [Hyperparameter] public double MaxAdvantageWeight { get; init; } = 100;
    [Hyperparameter("Samples of the behaviour policy whose mean Q is the baseline", Range = "[1, ∞)", Hint = "K")]
    public int BaselineSamples { get; init; } = 10;
    [Hyperparameter("Samples of the policy that the divergence is estimated by", Range = "[1, ∞)", Hint = "K")]
    public int DivergenceSamples { get; init; } = 10;
    [Hyperparameter("Bound of the behaviour policy's samples, plus and minus", Range = "(0, ∞)", Hint = "BOUND")]
    public double SampleBound { get; init; } = 1 - 1e-4;
    [Hyperparameter] public double Discount { get; init; } = 0.99;
    [Hyperparameter] public double PolyakStep { get; init; } = 0.005;
    [Hyperparameter("Targets move at every N-th step of the critic's", Range = "[1, ∞)")]
    public int PolyakEvery { get; init; } = 2;
    [Hyperparameter] public Widths HiddenSizes { get; init; } = [1024, 1024];
    [Hyperparameter] public int BatchSize { get; init; } = 512;
    [Hyperparameter("Adam's learning rate of the model of the data's policy", Range = "[0, ∞)", Hint = "RATE")]
    public double BehaviourLearningRate { get; init; } = 1e-4;
    [Hyperparameter] public double CriticLearningRate { get; init; } = 1e-4;
    [Hyperparameter] public double PolicyLearningRate { get; init; } = 1e-4;
    [Hyperparameter("Whether the policy's deviation is a function of the state, or a free vector beside a tanh mean")]
    public bool StateDependentStd { get; init; } = true;
    [Hyperparameter] public double LogStdMin { get; init; } = -5;
    [Hyperparameter] public double LogStdMax { get; init; }
    [Hyperparameter] public Initialisation Initialisation { get; init; } = Initialisation.Torch;

    /// <summary>Whether a third phase learns a policy.</summary>
    internal bool LearnsPolicy => Improvement != PolicyImprovement.EasyBCQ;

    string? IAlgorithmConfig.EndsWithRun => $"phases {Phases}";

    /// <summary>The phases in their proportions, each of at least one step. Easy BCQ has none of a policy.</summary>
    IAlgorithmConfig IAlgorithmConfig.ForSteps(int steps)
    {
        var last = LearnsPolicy ? Phases.Policy : 0;
        var scale = steps / ((double)Phases.Behaviour + Phases.Critic + last);
        var behaviour = Math.Max(1, (int)Math.Round(Phases.Behaviour * scale));
        var policy = LearnsPolicy ? Math.Max(1, (int)Math.Round(last * scale)) : 0;
        var critic = Math.Max(1, steps - behaviour - policy);
        return this with { Phases = new(behaviour, critic, LearnsPolicy ? policy : Phases.Policy) };
    }
}
