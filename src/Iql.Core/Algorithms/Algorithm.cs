using System.Collections.Immutable;

namespace Iql.Algorithms;

/// <summary>An algorithm as a row: what it is called, its standard config and how learners are made of configs.
/// Everything that trains, sweeps, compares or lists reads <see cref="All"/>; a new algorithm or variant is one row
/// there.</summary>
/// <param name="Name">What <c>--algorithm</c> takes: "td3bc".</param>
/// <param name="Paper">The paper, for lists.</param>
/// <param name="Standard">The published setting of locomotion tasks.</param>
/// <param name="Learner">The learner of configs, a policy each, for observations of S and actions of A numbers.</param>
public sealed record Algorithm(
    string Name, string Title, string Paper, IAlgorithmConfig Standard,
    Func<IReadOnlyList<IAlgorithmConfig>, int, int, Learner> Learner)
{
    /// <summary>What an ablation varies as a rule: hyperparameters with their values between commas.</summary>
    public ImmutableArray<(string Hyperparameter, string Values)> Grid { get; init; } = [];
    /// <summary>Whether it learns the value of rewards, whose size and shift then matter: cloning does not.</summary>
    public bool UsesRewards { get; init; } = true;
    /// <summary>The same learner under other names, with other standard configs.</summary>
    public ImmutableArray<Algorithm> Variants { get; init; } = [];
    /// <summary>Its hyperparameters, the ones people sweep first.</summary>
    public ImmutableArray<Hyperparameter> Hyperparameters => Algorithms.Hyperparameters.Of(Standard);
    /// <summary>Whether policies of several configs can be trained on one value function.</summary>
    public bool Shares => Hyperparameters.Any(each => each.PerPolicy);
    /// <summary>Whether it also learns from discrete actions.</summary>
    public bool TakesDiscreteActions => Standard.Find("actions") != null;

    /// <summary>The algorithms, variants within.</summary>
    public static ImmutableArray<Algorithm> All { get; } =
    [
        Row<ImplicitQLearningConfig>(
            "iql", "Implicit Q-learning", "Kostrikov, Nair and Levine 2021, arXiv:2110.06169",
            (configs, s, a) => ImplicitQLearning.Learner(configs, s, a),
            [("expectile", "0.5,0.7,0.8,0.9,0.98"), ("inverseTemperature", "0,1,3,10,100")],
            row => row with
            {
                Name = "sql",
                Title = "Sparse Q-learning",
                Paper = "Xu et al. 2023, arXiv:2303.15810",
                Standard = new ImplicitQLearningConfig
                {
                    ValueLoss = ValueLoss.Sparse,
                    PolicyWeight = PolicyWeight.Sparse,
                },
                Grid = [("sparsity", "0.1,0.3,1,3")],
            }),
        Row<BehaviourCloningConfig>(
            "bc", "Behaviour cloning", "Pomerleau 1989; 10%BC: Chen et al. 2021, arXiv:2106.01345",
            (configs, s, a) => BehaviourCloning.Learner(configs.Single(), s, a),
            [("bestShare", "0.1,0.25,0.5,1")],
            row => row with
            {
                Name = "10%bc",
                Standard = new BehaviourCloningConfig { BestShare = 0.1 },
            }) with { UsesRewards = false },
        Row<TD3BCConfig>(
            "td3bc", "TD3+BC", "Fujimoto and Gu 2021, arXiv:2106.06860",
            (configs, s, a) => TD3BC.Learner(configs.Single(), s, a),
            [("alpha", "0,1,2.5,4,10")]),
        Row<ConservativeQLearningConfig>(
            "cql", "Conservative Q-learning", "Kumar et al. 2020, arXiv:2006.04779",
            (configs, s, a) => ConservativeQLearning.Learner(configs.Single(), s, a),
            [("conservativeWeight", "0,1,5,10")],
            row => row with { Name = "cql-authors", Standard = ConservativeQLearningConfig.Authors },
            row => row with { Name = "cql-young-geng", Standard = ConservativeQLearningConfig.YoungGeng },
            row => Calibrated(row, "cal-ql", ConservativeQLearningConfig.Calibrated),
            row => Calibrated(row, "cal-ql-corl", ConservativeQLearningConfig.CalibratedCorl)),
        Row<AwacConfig>(
            "awac", "AWAC", "Nair, Gupta, Dalal and Levine 2020, arXiv:2006.09359",
            (configs, s, a) => Awac.Learner(configs.Single(), s, a),
            [("inverseTemperature", "0.3,1,3,10"), ("weighting", "exponential,softmax")]),
        Row<RlpdConfig>(
            "rlpd", "RLPD", "Ball, Smith, Kostrikov and Levine 2023, arXiv:2302.02948",
            (configs, s, a) => Rlpd.Learner(configs.Single(), s, a),
            [("ensemble", "2,5,10"), ("layerNorm", "yes,no")]),
        Row<OnestepConfig>(
            "onestep", "Onestep RL", "Brandfonbrener, Whitney, Ranganath and Bruna 2021, arXiv:2106.08909",
            (configs, s, a) => Onestep.Learner(configs, s, a),
            [("improvement", "reverse-kl,exponential-weights,easy-bcq")]),
        Row<DecisionTransformerConfig>(
            "dt", "Decision transformer", "Chen et al. 2021, arXiv:2106.01345",
            (configs, s, a) => DecisionTransformer.Learner(configs, s, a),
            [("context", "1,5,20")]) with { UsesRewards = false },
    ];

    /// <summary>Algorithms and variants, each algorithm before its own.</summary>
    public static ImmutableArray<Algorithm> Named { get; } = [.. All.SelectMany(each => each.Variants.Prepend(each))];
    /// <summary>The algorithm or variant of a name, or null.</summary>
    public static Algorithm? Find(string name) => Named.FirstOrDefault(each => each.Name == name);

    /// <summary>The algorithm that a config is of.</summary>
    /// <exception cref="ArgumentException">It is of none.</exception>
    public static Algorithm Of(IAlgorithmConfig config)
    {
        var found = All.FirstOrDefault(each => each.Standard.GetType() == config.GetType());
        Check.That(found != null, nameof(config), "one of an algorithm in Algorithm.All", config.GetType().Name);
        return found;
    }

    static Algorithm Calibrated(Algorithm row, string name, ConservativeQLearningConfig standard) => row with
    {
        Name = name,
        Title = "Calibrated Q-learning",
        Paper = "Nakamoto et al. 2023, arXiv:2303.05479",
        Standard = standard,
    };

    static Algorithm Row<TConfig>(
        string name, string title, string paper, Func<IReadOnlyList<TConfig>, int, int, Learner> learner,
        ImmutableArray<(string, string)> grid, params Func<Algorithm, Algorithm>[] variants)
        where TConfig : IAlgorithmConfig, new()
    {
        Func<IReadOnlyList<IAlgorithmConfig>, int, int, Learner> cast =
            (configs, s, a) => learner([.. configs.Cast<TConfig>()], s, a);
        Algorithm row = new(name, title, paper, new TConfig(), cast) { Grid = grid };
        return row with { Variants = [.. variants.Select(variant => variant(row))] };
    }
}
