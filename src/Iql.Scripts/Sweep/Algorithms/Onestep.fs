namespace Iql.Scripts

open Iql.Algorithms
open Iql.Training

/// Onestep RL's entry.
[<RequireQualifiedAccess>]
module OnestepEntry =

    let private at get set word : Setting<OnestepConfig> = Setting.at get set word

    /// Three counts of steps, of which runs of other lengths keep the proportions.
    let private phases: Word<int * int * int> = {
        Name = "phases"
        Hint = "STEPS"
        Doc =
            "Steps of the behaviour policy, the critic and the policy, such as 5:20:1; a run of any length keeps their proportions"
        Parse =
            fun word ->
                match word.Split ':' |> Array.map (Read.whole 1) with
                | [| Ok behaviour; Ok critic; Ok policy |] -> Ok(behaviour, critic, policy)
                | _ -> Error "three whole numbers of at least 1, such as 5:20:1"
        Print = fun (behaviour, critic, policy) -> $"{behaviour}:{critic}:{policy}"
    }

    let private critics: Word<int> =
        let word = Word.count "critics" "N" "Critics, 1 or 2; of two the minimum is taken" 1

        {
            word with
                Parse =
                    function
                    | "1" -> Ok 1
                    | "2" -> Ok 2
                    | _ -> Error "1 or 2"
        }

    let private settings: Setting<OnestepConfig> list = [
        Word.choice
            "improvement"
            "The one improvement on the behaviour policy: climbing Q held near it, weighted cloning, or the best of its samples"
            [
                "reverse-kl", PolicyImprovement.ReverseKL
                "exponential-weights", PolicyImprovement.ExponentialWeights
                "easy-bcq", PolicyImprovement.EasyBCQ
            ]
        |> at _.Improvement (fun x config -> config.With(improvement = x))
        Word.number
            "divergenceWeight"
            "ALPHA"
            "Weight of the divergence from the behaviour policy (reverse-kl), at least 0: large is behaviour cloning"
            (Read.atLeast 0)
        |> at _.DivergenceWeight (fun x config -> config.With(divergenceWeight = x))
        Word.number
            "inverseTemperature"
            "BETA"
            "Inverse temperature of the weights (exponential-weights), at least 0: 0 is behaviour cloning"
            (Read.atLeast 0)
        |> at _.InverseTemperature (fun x config -> config.With(inverseTemperature = x))
        Word.candidates |> at _.Candidates (fun x config -> config.With(candidates = x))
        phases
        |> at (fun config -> config.BehaviourSteps, config.CriticSteps, config.PolicySteps) (fun (b, c, p) config ->
            config.With(behaviourSteps = b, criticSteps = c, policySteps = p))
        critics |> at _.Critics (fun x config -> config.With(critics = x))
        Word.maxAdvantageWeight
        |> at _.MaxAdvantageWeight (fun x config -> config.With(maxAdvantageWeight = x))
        Word.count "baselineSamples" "K" "Samples of the behaviour policy whose mean Q advantages are measured from" 1
        |> at _.BaselineSamples (fun x config -> config.With(baselineSamples = x))
        Word.count "divergenceSamples" "K" "Samples of the policy that the divergence is estimated by" 1
        |> at _.DivergenceSamples (fun x config -> config.With(divergenceSamples = x))
        Word.number
            "sampleBound"
            "BOUND"
            "The behaviour policy's samples are held within plus and minus this, above 0"
            Read.positive
        |> at _.SampleBound (fun x config -> config.With(sampleBound = x))
        Word.discount |> at _.Discount (fun x config -> config.With(discount = x))
        Word.polyakStep |> at _.PolyakStep (fun x config -> config.With(polyakStep = x))
        Word.count "polyakEvery" "N" "Targets move at every N-th step of the critic's" 1
        |> at _.PolyakEvery (fun x config -> config.With(polyakEvery = x))
        Word.hiddenSizes
        |> at (fun config -> List.ofSeq config.HiddenSizes) (fun x config -> config.With(hiddenSizes = x))
        Word.batchSize |> at _.BatchSize (fun x config -> config.With(batchSize = x))
        Word.behaviourLearningRate
        |> at _.BehaviourLearningRate (fun x config -> config.With(behaviourLearningRate = x))
        Word.criticLearningRate
        |> at _.CriticLearningRate (fun x config -> config.With(criticLearningRate = x))
        Word.policyLearningRate
        |> at _.PolicyLearningRate (fun x config -> config.With(policyLearningRate = x))
        Word.yesOrNo "stateDependentStd" "Whether the policy's deviation is a function of the state"
        |> at _.StateDependentStd (fun x config -> config.With(stateDependentStd = x))
        Word.logStdMin |> at _.LogStdMin (fun x config -> config.With(logStdMin = x))
        Word.logStdMax |> at _.LogStdMax (fun x config -> config.With(logStdMax = x))
        Word.initialisation
        |> at _.Initialisation (fun x config -> config.With(initialisation = x))
    ]

    let entry: AlgorithmEntry<OnestepConfig> = {
        Name = "onestep"
        Title = "Onestep RL"
        Paper = "Brandfonbrener, Whitney, Ranganath and Bruna 2021, arXiv:2106.08909"
        Standard = OnestepConfig()
        Variants = []
        Settings = settings
        Grid = [ "improvement", [ "reverse-kl"; "exponential-weights"; "easy-bcq" ] ]
        UsesRewards = true
        RunName = fun _ -> "onestep"
        ForSteps = fun steps config -> config.ForSteps steps
        ForActions = AlgorithmEntry.continuous
        ContinuousOnly = []
        Written = fun config -> RunJson.Element config
        Extra = fun _ -> []
        Read = fun written -> RunJson.Parse<OnestepConfig> written
        Remarks = fun _ _ -> []
        BatchSize = _.BatchSize
        Selection = fun _ -> None
        // Neither β nor Q ever looks at the policy. Easy BCQ has no number that only its acting reads: how many samples shapes its graph.
        Shared =
            fun config ->
                if config.Improvement = PolicyImprovement.EasyBCQ then
                    None
                else
                    Some(config.WithStrength 0.0)
        Learner =
            fun configs s a -> Onestep.Learner(List.head configs, s, a, [| for config in configs -> config.Strength |])
    }
