namespace Iql.Bench

open Iql.Algorithms
open Iql.Scripts

/// One way of training implicit Q-learning.
type Case = {
    Name: string
    /// Threads of each run.
    Threads: int
    /// Runs side by side.
    Runs: int
    Observations: int
    Actions: int
    Batch: int
    Hidden: int list
    /// Policies on one value function.
    Policies: int
}

/// Which cases there are.
[<RequireQualifiedAccess>]
module Case =

    /// One run of the paper's size on data of hopper's size, by one thread.
    let standard: Case = {
        Name = "1 thread"
        Threads = 1
        Runs = 1
        Observations = 11
        Actions = 3
        Batch = 256
        Hidden = [ 256; 256 ]
        Policies = 1
    }

    /// Threads a case keeps busy.
    let busy (case: Case) : int = case.Threads * case.Runs

    /// Its learner.
    let learner (case: Case) : Learner =
        let config = ImplicitQLearningConfig(HiddenSizes = Widths case.Hidden, BatchSize = case.Batch)

        let betas = [ for beta in 1 .. case.Policies -> 2.0 * float beta ]
        ImplicitQLearning.Learner(config.Varied("inverseTemperature", betas), case.Observations, case.Actions)

    let private threads (count: int) (case: Case) =
        let words = Plural.count count "thread"

        {
            case with
                Name = if case = standard then words else $"{case.Name}, {words}"
                Threads = count
        }

    let private sideBySide (count: int) = {
        standard with
            Name = $"{count} runs side by side, 1 thread each"
            Runs = count
    }

    let private policies = { standard with Name = "5 policies on one value function"; Policies = 5 }

    /// The rows that tell the most.
    let headline (most: int) : Case list = [
        for count in List.distinct [ 1; most ] do
            threads count standard
        if most > 1 then
            sideBySide most
        threads 1 policies
    ]

    let private sizes: Case list = [
        { standard with Name = "29 observations, 8 actions"; Observations = 29; Actions = 8 }
        for batch in [ 100; 1024; 4096 ] do
            { standard with Name = $"batch {batch}"; Batch = batch }
        for width in [ 100; 300; 750 ] do
            { standard with Name = $"width {width}"; Hidden = [ width; width ] }
        for layers in [ 1; 3; 4 ] do
            {
                standard with
                    Name = Plural.count layers "hidden layer"
                    Hidden = List.replicate layers 256
            }
    ]

    /// Everything, on up to a number of threads.
    let all (most: int) : Case list = [
        for count in List.distinct [ 1; 2; 4; 8; 16; 32; most ] |> List.filter (fun count -> count <= most) do
            threads count standard
        if most > 1 then
            sideBySide most
        for case in policies :: sizes do
            for count in List.distinct [ 1; most ] do
                threads count case
    ]
