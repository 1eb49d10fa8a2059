/// Invented results of comparisons.
module Iql.Scripts.Tests.Invented

open Iql.Scripts

/// An invented run: its scores, one an evaluation.
let private run task (algorithm: string) (seed: int) (source: string) (outcome: Outcome) (scores: float list) : Run = {
    Name = $"algorithm={algorithm},seed={seed}"
    Settings = {
        // Two variants of one learner: names tell them apart.
        Algorithm = "learner"
        Task = Some task
        DatasetName = task
        Seed = seed
        Steps = 100 * scores.Length
        EvaluationEpisodes = 10
        Hyperparameters = []
        Whole =
            Json.Object [
                "algorithm", Json.Text "learner"
                "task", Json.Text task
                "dataset",
                Json.Object [
                    "source", Json.Text source
                    "transitions", Json.Number 998_000.0
                    "episodes", Json.Number 1000.0
                ]
            ]
    }
    Train = []
    Evaluations = [
        for i, score in List.indexed scores ->
            {
                Step = 100 * (i + 1)
                Return = 10.0 * score
                Score = Some score
                Returns = [ 10.0 * score ]
                SuccessRate = None
            }
    ]
    Weights = []
    Outcome = outcome
    Result = Json.Null
}

/// Results of tasks with their data's source and, for each algorithm, the scores of each seed.
let results (last: int) (tasks: (string * string * (string * float list list) list) list) : ComparisonResults = {
    Plan = {
        Name = "invented"
        Command = None
        Tasks = [ for task, _, _ in tasks -> { Name = task; Presets = [] } ]
        Contenders =
            [
                for _, _, columns in tasks do
                    yield! List.map fst columns
            ]
            |> List.distinct
        Seeds =
            (let _, _, columns = tasks.Head
             [ 0 .. (snd columns.Head).Length - 1 ])
        Last = last
    }
    Tasks = [
        for task, source, columns in tasks ->
            task,
            {
                Name = task
                Command = None
                Axes = []
                Runs = [
                    for algorithm, seeds in columns do
                        for seed, scores in List.indexed seeds -> run task algorithm seed source Finished scores
                ]
                Missing = []
            }
    ]
    Origins = Map []
}

/// Two tasks of D4RL, the first learned from a file of this name, or from data "generated" here.
let locomotion (source: string) : ComparisonResults =
    results 1 [
        "hopper-medium-v2", source, [ "iql", [ [ 60.0 ]; [ 70.0 ] ]; "cql", [ [ 50.0 ]; [ 52.0 ] ] ]
        "walker2d-medium-v2",
        "walker2d_medium-v2.hdf5",
        [ "iql", [ [ 78.0 ]; [ 79.0 ] ]; "cql", [ [ 72.0 ]; [ 73.0 ] ] ]
    ]
