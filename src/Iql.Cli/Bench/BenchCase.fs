namespace Iql.Cli

open Iql.Scripts

open Iql.Algorithms

/// One way of training that `iql bench` measures the rate of.
type BenchCase = {
    Name: string
    /// Threads of each run.
    Threads: int
    /// Runs side by side.
    Runs: int
    Observations: int
    Actions: int
    Batch: int
    Hidden: int list
    /// Inverse temperatures, one policy each on one value function.
    InverseTemperatures: float list
}

/// Which cases there are.
[<RequireQualifiedAccess>]
module BenchCase =

    /// One run of the paper's size on data of hopper's size, by one thread.
    let standard: BenchCase = {
        Name = "1 thread"
        Threads = 1
        Runs = 1
        Observations = 11
        Actions = 3
        Batch = 256
        Hidden = [ 256; 256 ]
        InverseTemperatures = [ 3.0 ]
    }

    /// Threads a case keeps busy.
    let busy (case: BenchCase) : int = case.Threads * case.Runs

    /// Its learner.
    let learner (case: BenchCase) : Learner =
        let config =
            ImplicitQLearningConfig().With(hiddenSizes = case.Hidden, batchSize = case.Batch)

        ImplicitQLearning.Learner(config, case.Observations, case.Actions, List.toArray case.InverseTemperatures)

    /// Every number of threads up to four, then doubling, and the last.
    let threadCounts (most: int) : int list =
        [
            yield! [ 1 .. min 4 most ]
            yield! Seq.initInfinite (fun i -> 8 <<< i) |> Seq.takeWhile (fun count -> count < most)
            most
        ]
        |> List.distinct

    /// Five policies on one value function.
    let policies: BenchCase = {
        standard with
            Name = "5 policies on one value function"
            InverseTemperatures = [ 0.5; 1.0; 3.0; 6.0; 10.0 ]
    }

    let private atThreads (count: int) (case: BenchCase) =
        let threads = Plural.count count "thread"

        {
            case with
                Name =
                    (if case.Name = standard.Name then
                         threads
                     else
                         $"{case.Name}, {threads}")
                Threads = count
        }

    let private sideBySide (count: int) = {
        standard with
            Name = $"{count} runs side by side, 1 thread each"
            Runs = count
    }

    /// The rows that tell the most.
    let headline (most: int) : BenchCase list = [
        for count in List.distinct [ 1; most ] do
            atThreads count standard
        if most > 1 then
            sideBySide most
        atThreads 1 policies
    ]

    /// Everything, on up to a number of threads.
    let all (most: int) : BenchCase list =
        let sized name (change: BenchCase -> BenchCase) = { change standard with Name = name }

        let sizes = [
            sized "29 observations, 8 actions" (fun case -> {
                case with
                    Observations = 29
                    Actions = 8
            })
            for batch in [ 100; 1024; 4096 ] do
                sized $"batch {batch}" (fun case -> { case with Batch = batch })
            for width in [ 100; 300; 750 ] do
                sized $"width {width}" (fun case -> { case with Hidden = [ width; width ] })
            for layers in [ 1; 3; 4 ] do
                sized
                    (if layers = 1 then
                         "1 hidden layer"
                     else
                         $"{layers} hidden layers")
                    (fun case -> {
                        case with
                            Hidden = List.replicate layers 256
                    })
        ]

        [
            for count in threadCounts most do
                atThreads count standard
            if most > 1 then
                sideBySide most
            for case in policies :: sizes do
                for count in List.distinct [ 1; most ] do
                    atThreads count case
        ]
