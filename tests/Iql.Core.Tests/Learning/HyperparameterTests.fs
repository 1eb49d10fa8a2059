/// What follows from a property with [Hyperparameter], for all of them.
module Iql.Core.Tests.Learning.HyperparameterTests

open System
open System.Linq
open System.Text.RegularExpressions
open Iql.Algorithms
open Iql.Core.Tests
open Expecto
open Iql.Tests

let private every = [
    for algorithm in Algorithm.All do
        for each in algorithm.Hyperparameters do
            algorithm.Standard, each
]

let private refused (start: string) (attempt: unit -> obj) =
    let error = Expect.raises<ArgumentException> (fun () -> attempt () |> ignore) "the refusal"
    Expect.stringStarts error.Message start "message of error"

/// A value of a hyperparameter other than a config's.
let private another (config: IAlgorithmConfig) (each: Hyperparameter) =
    [
        yield! [ "0.25"; "1"; "2"; "3"; "yes"; "no"; "7x7"; "4:5:6"; "mine" ]
        yield! each.Expected.Replace("one of ", "").Split(", ")
    ]
    |> List.pick (fun word ->
        match each.TryParse word with
        | true, value when value <> each.Get config -> Some value
        | _ -> None)

let private hasAnother (each: Hyperparameter) = each.Expected.Contains ',' || each.Hint <> "WORD"

[<Tests>]
let tests =
    testList "HyperparameterTests" [
        testCase "hyperparameters have the order of their properties in the file" (fun () ->
            for algorithm in Algorithm.All do
                let name = algorithm.Standard.GetType().Name

                let written = [
                    for line in Repository.lines $"src/Iql.Core/Algorithms/{name}.cs" do
                        let property = Regex.Match(line, @"public [\w?]+ (\w+) \{ get; init; \}")

                        if property.Success then
                            property.Groups[1].Value[..0].ToLowerInvariant() + property.Groups[1].Value[1..]
                ]

                // So every property is one, too.
                Expect.equal [ for each in algorithm.Hyperparameters -> each.Name ] written "name of each")

        testCase "a name means one thing in all algorithms" (fun () ->
            for name, all in List.groupBy (fun (_, each: Hyperparameter) -> each.Name) every do
                let meanings =
                    List.distinct [
                        for _, each in all -> each.Description, each.Hint, each.Expected, Seq.toList each.OptionNames
                    ]

                Expect.equal meanings.Length 1 name

                for _, each in all do
                    Expect.equal each.IsCommon (all.Length > 1) "is common of each"

            // No two hyperparameters, nor two names of one, are the same option.
            let options = [
                for _, each in List.distinctBy (fun (_, each: Hyperparameter) -> each.Name) every do
                    yield! each.OptionNames
            ]

            Expect.equal (List.distinct options).Length options.Length "length of distinct options")

        testCase "every value is read as it is printed, as a word and as JSON" (fun () ->
            for each in Algorithm.Named do
                let config = each.Standard

                let other =
                    each.Hyperparameters
                    |> Seq.filter hasAnother
                    |> Seq.fold (fun (config: IAlgorithmConfig) row -> row.Set(config, another config row)) config

                for config in [ config; other ] do
                    for row in each.Hyperparameters do
                        Expect.equal (row.Set(config, row.Print(row.Get config))) config "set of row"

                    let fresh = (Algorithm.Of config).Standard
                    Expect.equal (fresh.FromJson(config.ToJson())) config "from json of fresh")

        testCase "a copy with another value is not equal, one with the same value is" (fun () ->
            for config, each in every do
                if hasAnother each then
                    let other = each.Set(config, another config each)
                    Expect.notEqual other config "other"
                    let back = each.Set(other, each.Get config)
                    Expect.equal back config "back"
                    Expect.equal (back.GetHashCode()) (config.GetHashCode()) "hash code of back")

        testCase "a number is an input of the graph, everything else shapes it" (fun () ->
            for config, each in every do
                if hasAnother each then
                    let other = each.Set(config, another config each)

                    let same = Hyperparameters.Structure(config).SequenceEqual(Hyperparameters.Structure other)

                    if each.IsInput && each.Name <> "dropout" && each.Name <> "weightDecay" then
                        Expect.isTrue same each.Name
                    elif not each.IsInput then
                        Expect.isFalse same each.Name

            let structure (dropout: float) = Hyperparameters.Structure(ImplicitQLearningConfig(Dropout = dropout))

            Expect.isTrue ((structure 0.1).SequenceEqual(structure 0.2)) "sequence equal of structure 0.1"
            Expect.isFalse ((structure 0.0).SequenceEqual(structure 0.2)) "sequence equal of structure 0.0")

        testCase "every graph asks for hyperparameters by their names" (fun () ->
            for each in Algorithm.Named do
                let learner = each.Standard.Learner(3, 2)
                let names = set [ for row in each.Hyperparameters -> row.Name ]

                let known (scalar: string) =
                    scalar = "seed"
                    || scalar = "step"
                    || scalar = "decision"
                    || names.Contains(Regex.Replace(scalar, @"^\d+:", ""))

                let graphs =
                    [ yield! learner.Programs; learner.Act.Invoke 2 ]
                    @ [
                        if not (isNull learner.Probe) then
                            learner.Probe.Invoke 2
                    ]
                    @ [
                        if not (isNull learner.Value) then
                            learner.Value.Graph.Invoke 2
                    ]

                for graph in graphs do
                    for scalar in graph.Scalars do
                        Expect.isTrue (known scalar) $"{each.Name}: {scalar}"

                Expect.equal
                    ([ for scalar in Seq.skip 2 learner.Step.Scalars -> Regex.Replace(scalar, @"^\d+:", "") ]
                     |> List.sort)
                    ([
                        for row in each.Hyperparameters do
                            if row.IsInput then
                                row.Name
                     ]
                     |> List.sort)
                    "scalar, '^\\d+:', ''")

        testCase "a value out of its range is refused by name, with what was expected and what it is" (fun () ->
            for config, each in every do
                let wrong =
                    if each.IsInput then
                        [ nan; each.Range.Low - 1.0; each.Range.High + 1.0 ]
                        @ (if each.Range.ClosedLow then [] else [ each.Range.Low ])
                        @ (if each.Range.ClosedHigh then [] else [ each.Range.High ])
                        |> List.filter (fun x ->
                            Double.IsNaN x || not (Double.IsInfinity x && each.Expected.EndsWith "none"))
                        |> List.map box
                    elif each.Get config :? int then
                        [ box (int each.Range.Low - 1) ]
                    elif each.Get config :? Widths then
                        [ box [ 3; 0 ] ]
                    elif not (isNull (each.Get config)) && (each.Get config).GetType().IsEnum then
                        [ Enum.ToObject((each.Get config).GetType(), 99) ]
                    else
                        []

                for value in wrong do
                    refused $"{each.Name}: expected {each.Expected}, got " (fun () -> each.Set(config, value))

                refused
                    $"{each.Name}: expected {each.Expected}, got nothing of the sort. {each.Description}."
                    (fun () -> each.Set(config, "nothing of the sort"))

            refused "expectile: expected a number in (0, 1), got 1. Expectile τ of the value loss" (fun () ->
                ImplicitQLearningConfig(Expectile = 1.0).Validate())

            refused "batchSize: expected a whole number of at least 1, got 0" (fun () ->
                TD3BCConfig(BatchSize = 0).Learner(3, 2))

            refused "policyHiddenSizes" (fun () -> AwacConfig(PolicyHiddenSizes = Nullable(Widths [ 0 ])).Validate())
            refused "alpha: expected a number of at least 0, got False" (fun () -> TD3BCConfig().With("alpha", false))

            refused "beta: expected a hyperparameter of TD3BCConfig, one of alpha, " (fun () ->
                TD3BCConfig().With("beta", 1.0)))

        testCase "what does not go together is refused" (fun () ->
            refused "logStdMin: expected a number below logStdMax = 2, got 3" (fun () ->
                OnestepConfig(LogStdMin = 3.0, LogStdMax = 2.0).Validate())

            refused "differenceMin: expected a number below differenceMax = 1, got 2" (fun () ->
                ConservativeQLearningConfig(DifferenceMin = 2.0, DifferenceMax = 1.0).Validate())

            refused "entropyInBackup" (fun () ->
                ConservativeQLearningConfig(EntropyInBackup = true, Backup = SampledBackup.LeastOfMax).Validate())

            refused "discount: expected less than 1 where calibration is for ever, got 1" (fun () ->
                ConservativeQLearningConfig(Calibration = Calibration.SparseReturns, Discount = 1.0).Validate())

            refused "calibration: expected off where actions are discrete, got returns" (fun () ->
                ConservativeQLearningConfig(Calibration = Calibration.Returns, Actions = Iql.ActionKind.Discrete)
                    .Validate())

            refused "actionChoice" (fun () ->
                BehaviourCloningConfig(ActionChoice = ActionChoice.Sampled, PolicyKind = PolicyKind.Deterministic)
                    .Validate())

            refused "objective" (fun () ->
                ImplicitQLearningConfig(Objective = Objective.MaximumTD, Actions = Iql.ActionKind.Discrete).Validate())

            let config = ImplicitQLearningConfig()
            refused "members: expected at least one config" (fun () -> ImplicitQLearning.Learner([], 3, 2))
            refused "members" (fun () -> ImplicitQLearning.Learner(config.Varied("expectile", [ 0.5; 0.7 ]), 3, 2))

            refused "inverseTemperature" (fun () ->
                ImplicitQLearning.Learner([ config; ImplicitQLearningConfig(InverseTemperature = -1.0) ], 3, 2)))

        testCase "whole numbers are read with a k or an M behind them" (fun () ->
            let read word =
                match OnestepConfig().Find("candidates").TryParse word with
                | true, value -> Some(value :?> int)
                | _ -> None

            for word, expected in
                [ "20k", 20_000; "64.1k", 64_100; "2.01k", 2010; "1.5M", 1_500_000; "7", 7; "1e3", 1000 ] do
                Expect.equal (read word) (Some expected) "read of word"

            for word in [ "0"; "1.5"; "1.0001k"; "3000M"; "k"; "" ] do
                Expect.isNone (read word) "read of word")

        testCase "grids are of hyperparameters that the algorithm has, and of values these may have" (fun () ->
            for each in Algorithm.Named do
                Expect.isNonEmpty each.Grid "grid of each"

                for struct (name, values) in each.Grid do
                    for word in values.Split ',' do
                        Expect.isTrue (fst (each.Standard.Find(name).TryParse word)) $"{each.Name}: {name} {word}")

        testCase "a value loss of one's own keeps its name in a run folder, where a stand-in has it" (fun () ->
            let own = ImplicitQLearningConfig().With("valueLoss", ValueLoss("mine", (fun residual _ -> residual)))

            Expect.equal (own.Validate()) own "validate of own"
            let read = ImplicitQLearningConfig().FromJson(own.ToJson())
            Expect.equal read.ValueLoss.Name "mine" "name of value loss of read"
            Expect.notEqual read own "read"
            refused "valueLoss: expected one of expectile" (fun () -> own.With("valueLoss", "mine")))
    ]
