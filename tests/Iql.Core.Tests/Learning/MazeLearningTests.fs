/// What algorithms make of data of a maze in which one drive in five is an expert's and the others go anywhere.
module Iql.Core.Tests.Learning.MazeLearningTests

open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Training
open Expecto
open Iql.Tests

let private card = Tasks.Get "pointmaze-umaze-stitch-v0"
let private environment = card.Environment

/// So many drives, every fifth an expert's, the others of random actions.
let private drives count =
    let seed = Seed.Named "drives"

    let observations, next, actions = ResizeArray<float32>(), ResizeArray<float32>(), ResizeArray<float32>()

    let rewards, terminals, timeouts = ResizeArray<float32>(), ResizeArray<bool>(), ResizeArray<bool>()

    let state = Array.zeroCreate<float> environment.StateSize
    let observation = Array.zeroCreate<float32> environment.ObservationSize
    let action = Array.zeroCreate<float32> environment.ActionSize

    for drive in 0 .. count - 1 do
        let own = seed.Split(uint64 drive)
        let isExpert = drive % 5 = 0
        environment.Reset(own.Split "start", state, observation)
        let mutable expert = card.Controller.Invoke(own.Split "expert")
        let struct (row, column) = card.Maze.Cells[card.Maze.Goal]
        expert.Aim(state[0], state[1], row, column)
        let mutable decision, running = 0, true

        while running do
            if isExpert then
                expert.Act(state, action) |> ignore
            else
                for i in 0 .. action.Length - 1 do
                    action[i] <- float32 (own.Uniform(uint64 (2 * decision + i), 1.0))

            observations.AddRange observation
            actions.AddRange(Array.map (fun (x: float32) -> max -1f (min 1f x)) action)
            let result = environment.Step(state, action, observation)
            decision <- decision + 1
            next.AddRange observation
            rewards.Add result.Reward
            terminals.Add result.Terminal
            timeouts.Add(not result.Terminal && decision = environment.TimeLimit)
            running <- not result.Terminal && decision < environment.TimeLimit

    Transitions(
        "drives",
        environment.ObservationSize,
        environment.ActionSize,
        observations.ToArray(),
        actions.ToArray(),
        rewards.ToArray(),
        terminals.ToArray(),
        timeouts.ToArray(),
        next.ToArray()
    )

let private data = lazy drives 400

/// Mean normalised score of every member after so many steps, 0 random, 100 expert.
let private scores (learner: Learner) rewards (data: Transitions) steps =
    let root = Seed.Named "maze learning"
    let normalization = Normalization.Of(data, true, rewards)

    use trainer = new Trainer(learner, normalization.Apply data, Trainer.Start(learner, root))

    for _ in 1..steps do
        trainer.Advance()

    use evaluation = new Evaluation(learner, card.Environment, normalization, 40, root)

    [
        for m in 0 .. learner.Members - 1 do
            let result = evaluation.Run(trainer.Blocks[0], trainer.Blocks[m + 1], ``member`` = m)

            printfn "%s" $"{learner.Algorithm}: {result.ScoreMean}"
            result.ScoreMean.Value
    ]

let private score learner rewards data steps = scores learner rewards data steps |> List.exactlyOne

/// A learner of all drives, rewarded as in AntMaze, scores from `least` to 100.
let private reaches least (learner: Learner) =
    Expect.between least 100.0 (score learner RewardRule.AntMaze data.Value 6000) $"score of {learner.Algorithm}"

let private s, a = environment.ObservationSize, environment.ActionSize

let private cloned (share: float) (by: ShareOf) =
    let config =
        BehaviourCloningConfig(
            HiddenSizes = Widths [ 64; 64 ],
            BestShare = share,
            BestBy = by,
            PolicyLearningRate = 1e-3
        )

    score (BehaviourCloning.Learner(config, s, a)) RewardRule.None (BestEpisodes.Of(data.Value, share, by)) 3000

[<Tests>]
let tests =
    testList "MazeLearningTests" [
        testLong [
            testCase "clones of the best drives reach the goal, clones of all drives do not" (fun () ->
                Expect.between 0.0 30.0 (cloned 1.0 ShareOf.Trajectories) "cloned"
                Expect.between 80.0 100.0 (cloned 0.1 ShareOf.Trajectories) "cloned"
                Expect.between 80.0 100.0 (cloned 0.05 ShareOf.TimeSteps) "cloned")

            testCase "the decision transformer drives as well as it is asked to" (fun () ->
                let config =
                    DecisionTransformerConfig(
                        Context = 5,
                        HiddenSizes = Widths [ 32; 32 ],
                        MaxTimesteps = environment.TimeLimit,
                        ReturnScale = 1.0,
                        PolicyLearningRate = 1e-3,
                        WarmUpSteps = 200.0
                    )

                let asked =
                    scores
                        (DecisionTransformer.Learner(config.Varied("targetReturn", [ 1.0; 0.0 ]), s, a))
                        RewardRule.None
                        data.Value
                        1500

                Expect.between 80.0 100.0 asked[0] "asked 0"
                Expect.between 0.0 30.0 asked[1] "asked 1")

            testCase "TD3+BC finds the expert's drives among all" (fun () ->
                let config =
                    TD3BCConfig(HiddenSizes = Widths [ 64; 64 ], CriticLearningRate = 1e-3, PolicyLearningRate = 1e-3)

                reaches 80.0 (TD3BC.Learner(config, s, a)))

            testCase "conservative Q-learning finds the expert's drives among all" (fun () ->
                let config =
                    ConservativeQLearningConfig(
                        HiddenSizes = Widths [ 64; 64 ],
                        BatchSize = 64,
                        ActionSamples = 4,
                        ConservativeWeight = 1.0,
                        CriticLearningRate = 1e-3,
                        PolicyLearningRate = 1e-3
                    )

                reaches 80.0 (ConservativeQLearning.Learner(config, s, a)))

            testCase "AWAC finds the expert's drives among all" (fun () ->
                let config =
                    AwacConfig(
                        HiddenSizes = Widths [ 64; 64 ],
                        InverseTemperature = 1.0,
                        CriticLearningRate = 1e-3,
                        PolicyLearningRate = 1e-3
                    )

                reaches 60.0 (Awac.Learner(config, s, a)))

            testCase
                "Onestep RL finds the expert's drives among all by each improvement, and clones where they are weak"
                (fun () ->
                    let config =
                        OnestepConfig(
                            HiddenSizes = Widths [ 64; 64 ],
                            BatchSize = 256,
                            Phases = Phases(1500, 4000, 100_000),
                            PolyakStep = 0.05,
                            PolyakEvery = 1,
                            BehaviourLearningRate = 1e-3,
                            CriticLearningRate = 1e-3,
                            PolicyLearningRate = 1e-3
                        )

                    let reached (improvement: PolicyImprovement) (strength: string) (values: float list) steps =
                        let learner =
                            Onestep.Learner(config.With("improvement", improvement).Varied(strength, values), s, a)

                        scores learner RewardRule.AntMaze data.Value steps

                    let near = reached PolicyImprovement.ReverseKL "divergenceWeight" [ 0.3; 100.0 ] 7000

                    let weighted = reached PolicyImprovement.ExponentialWeights "inverseTemperature" [ 3.0; 0.0 ] 7000

                    for scores in [ near; weighted ] do
                        Expect.between 80.0 100.0 scores[0] "score 0"
                        Expect.between 0.0 30.0 scores[1] "score 1"

                    Expect.between
                        80.0
                        100.0
                        (List.exactlyOne (reached PolicyImprovement.EasyBCQ "inverseTemperature" [ 0.0 ] 5500))
                        "reached 'inverseTemperature'")
        ]
    ]
