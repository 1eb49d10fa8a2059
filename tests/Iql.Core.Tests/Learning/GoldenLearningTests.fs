/// Implicit Q-learning and temporal-difference learning against traces of an independent reference, step by step.
module Iql.Core.Tests.Learning.GoldenLearningTests

open System
open System.Text.Json
open Iql
open Iql.Algorithms
open Iql.Compile
open Iql.Optimizers
open Xunit
open Iql.Core.Tests.Learning.Execute

let private implicitConfig (case: Golden.Case) =
    let number, text = case.Number, case.Text
    let old = text "order" = "value-critic-policy-old"

    ImplicitQLearningConfig()
        .With(
            hiddenSizes = case.Hidden,
            batchSize = case.Dim "batch",
            expectile = number "expectile",
            inverseTemperature = number "inverse_temperature",
            maxAdvantageWeight = number "weight_clip",
            discount = number "discount",
            polyakStep = number "polyak",
            valueLearningRate = number "lr_value",
            criticLearningRate = number "lr_critic",
            policyLearningRate = number "lr_actor",
            policySchedule =
                (if number "cosine_steps" > 0.0 then
                     LearningRateSchedule.Cosine
                 else
                     LearningRateSchedule.Constant),
            cosineSteps = max 1.0 (number "cosine_steps"),
            logStdMin = number "log_std_min",
            logStdMax = number "log_std_max",
            policyKind =
                (if text "actor" = "gaussian" then
                     PolicyKind.Gaussian
                 else
                     PolicyKind.Deterministic),
            meanTanh = case.Hyper("mean_tanh").GetBoolean(),
            updateOrder =
                (if old then
                     UpdateOrder.ValueCriticPolicyOld
                 else
                     UpdateOrder.ValuePolicyCritic),
            halveCriticLoss = old
        )

let private temporalDifferenceConfig (case: Golden.Case) =
    TemporalDifferenceConfig()
        .With(
            objective =
                (if case.Text "loss" = "expectile" then
                     TemporalDifferenceObjective.Expectile
                 else
                     TemporalDifferenceObjective.Squared),
            critics = case.Hyper("critics").GetInt32(),
            common =
                ImplicitQLearningConfig()
                    .With(
                        hiddenSizes = case.Hidden,
                        batchSize = case.Dim "batch",
                        expectile = case.Number "expectile",
                        discount = case.Number "discount",
                        polyakStep = case.Number "polyak",
                        criticLearningRate = case.Number "lr_critic"
                    )
        )

/// The file's nets: its name, ours, and whose numbers it starts with ("own" targets have their own).
let private nets (case: Golden.Case) =
    let own = case.Text "target_init" = "own"
    let s, a = case.Dim "obs", case.Dim "act"
    let sizes input output = [ input ] @ case.Hidden @ [ output ]

    [
        "value", "shared/value", "value", sizes s 1
        "critic1", "shared/critic1", "critic1", sizes (s + a) 1
        "critic2", "shared/critic2", "critic2", sizes (s + a) 1
        "critic1-target", "shared/targetCritic1", (if own then "critic1-target" else "critic1"), sizes (s + a) 1
        "critic2-target", "shared/targetCritic2", (if own then "critic2-target" else "critic2"), sizes (s + a) 1
        "actor", "policy0", "actor", sizes s a
    ]

/// The initial tensors, under our names.
let private initialNumbers (case: Golden.Case) (learner: Learner) : Numbers =
    let names =
        set [
            for layout in learner.Blocks do
                for entry in layout.Entries -> $"{layout.Name}/{entry.Name}"
        ]

    let logStd =
        match case.Part("hyper").TryGetProperty "log_std_init" with
        | true, list when list.ValueKind = JsonValueKind.Array -> [|
            for entry in list.EnumerateArray() -> entry.GetDouble()
          |]
        | _ -> Golden.uniform $"{case.Seed}/init/actor/log_std" (case.Dim "act") 0.5

    [
        for _, ours, source, sizes in nets case do
            for name, values in Golden.network case.Seed source sizes do
                $"{ours}/{name}", values
        "policy0/logStd", logStd
    ]
    |> List.filter (fun (name, _) -> names.Contains name)
    |> Map

let private ourName (case: Golden.Case) (theirs: string) =
    let net, entry = theirs.Split('/')[0], theirs.Split('/')[1]
    let _, ours, _, _ = nets case |> List.find (fun (name, _, _, _) -> name = net)
    $"""{ours}/{entry.Replace("log_std", "logStd")}"""

let private statistics =
    Map [
        "value_loss", "valueLoss"
        "value_mean", "valueMean"
        "value_mean_after", "valueMeanAfter"
        "target_q_mean", "targetQMean"
        "advantage_mean", "advantageMean"
        "actor_loss", "0:policyLoss"
        "weight_mean", "0:weightMean"
        "weight_max", "0:weightMax"
        "weight_clipped", "0:weightCapped"
        "log_prob_mean", "0:logProbabilityMean"
        "lr_actor", "0:policyLearningRate"
        "critic_loss", "criticLoss"
        "q1_mean", "q1Mean"
        "q2_mean", "q2Mean"
        "target_mean", "tdTargetMean"
        "error_mean", "tdErrorMean"
        "error_square_mean", "tdErrorSquareMean"
    ]

/// Replays a file: inputs, initial tensors, every statistic of every step, final tensors (unless only its first steps are wanted).
let private replay (execute: Executor) statisticTolerance entryTolerance steps (case: Golden.Case) (learner: Learner) =
    let batch step =
        Map [ for ours, _, values in Golden.batch case step -> $"batch/{ours}", values ]

    let start = initialNumbers case learner
    let seed = Seed.Named case.Seed
    let expected = List.truncate steps case.Steps

    let final, metrics =
        train execute learner seed batch (over start (Execute.initial learner seed)) expected.Length

    let positive =
        if case.Part("algorithm").GetString() = "td" then
            "tdErrorPositive"
        else
            "residualPositive"

    let tensors part (numbers: Numbers) = [
        for theirs in case.Part(part).EnumerateObject() do
            yield! Golden.summary $"{part} {theirs.Name}" entryTolerance theirs.Value numbers[ourName case theirs.Name]
    ]

    Golden.assertClose case [
        for _, theirs, values in Golden.batch case 0 do
            match case.Part("inputs").TryGetProperty $"batch/0/{theirs}" with
            | true, expected -> yield! Golden.summary $"inputs {theirs}" 1e-9 expected values
            | _ -> ()

        yield! tensors "initial" start

        for step, (expected, actual) in List.indexed (List.zip expected metrics) do
            for theirs in expected.EnumerateObject() do
                if theirs.Name <> "step" then
                    let ours =
                        if theirs.Name = "positive" then
                            positive
                        else
                            statistics[theirs.Name]

                    yield Golden.statistic $"step {step} {theirs.Name}" statisticTolerance theirs.Value actual[ours]

        if expected.Length = case.Steps.Length then
            yield! tensors "final" final
    ]

let private learner (case: Golden.Case) =
    let s, a = case.Dim "obs", case.Dim "act"

    match case.Part("algorithm").GetString() with
    | "iql" -> ImplicitQLearning.Learner(implicitConfig case, s, a)
    | _ -> TemporalDifferenceLearning.Learner(temporalDifferenceConfig case, s, a)

let private every pattern check =
    match Golden.paths pattern with
    | [||] -> Assert.Skip $"no golden/*/{pattern} beside the checkout"
    | paths ->
        for path in paths do
            let case = Golden.Case path
            let worst: float = check case (learner case)
            TestContext.Current.TestOutputHelper.WriteLine $"{case.Name}: worst deviation {worst:G3} of the tolerance"

/// The interpreter takes a second for a step of real size: four of its twenty, all of the small ones.
let private inDoublePrecision (case: Golden.Case) learner =
    replay inDouble 1e-9 1e-9 (if case.Dim "batch" > 100 then 4 else Int32.MaxValue) case learner

[<Fact>]
let ``implicit Q-learning follows every golden trace in double precision`` () = every "iql-*.json" inDoublePrecision

[<Fact>]
let ``temporal-difference learning follows every golden trace in double precision`` () =
    every "td-*.json" inDoublePrecision

/// Compiled, in float32, all steps: within ten times what float32 costs the reference itself. Small cases run on every width of
/// vectors, the real size on the machine's own.
let private compiledFor path (case: Golden.Case) learner =
    let statistic, entry = case.FloatBounds

    if case.Dim "batch" > 100 && path <> InstructionSets.Default then
        0.0
    else
        replay (compiled path WorkerTeam.Single) statistic entry Int32.MaxValue case learner

[<Fact>]
let ``compiled implicit Q-learning follows every golden trace in single precision`` () =
    for path in InstructionSets.Available do
        every "iql-*.json" (compiledFor path)

[<Fact>]
let ``compiled temporal-difference learning follows every golden trace in single precision`` () =
    for path in InstructionSets.Available do
        every "td-*.json" (compiledFor path)
