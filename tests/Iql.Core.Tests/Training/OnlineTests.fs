/// The two phases, their turns and their buffer.
module Iql.Core.Tests.Training.OnlineTests

open System
open Expecto
open Iql
open Iql.Algorithms
open Iql.Environments
open Iql.Optimizers
open Iql.Training
open Iql.Training.Online
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

/// A task without an end.
type Endless() =
    interface IEnvironment with
        member _.Name = "line"
        member _.ObservationSize = observationSize
        member _.ActionSpace = ActionSpace.Continuous actionSize
        member _.StateSize = 1
        member _.TimeLimit = Int32.MaxValue
        member _.Reset(_, state, _) = state[0] <- 0.0

        member _.Step(_, _, observation) =
            observation.Fill 1f
            StepResult(0f, false)

[<Tests>]
let tests =
    testList "OnlineTests" [
        testCase "the offline phase is that of an offline run" (fun () ->
            inFolder (fun root ->
                let how = How.Of()
                let online = configOf algorithm how
                let plan = planWith transitions (Line()) 1 (learnerOf algorithm)
                let tuned = (trainTo (Nullable 30L) plan (run root "online" online)).Run.Folder
                let offline = online.With(fineTuning = null, steps = 30L)
                let plain = (trainTo toEnd plan (run root "offline" offline)).Run.Folder
                let block (folder: RunFolder) = (SafeTensors.Read folder.CheckpointPath).Tensors

                for mine, theirs in Seq.zip (block tuned) (block plain) do
                    Expect.equal (mine.Values.ToArray()) (theirs.Values.ToArray()) mine.Name))

        testRows
            "a schedule that ended at the switch never climbs again, whatever is reset"
            [ false; true ]
            (fun reset ->
                inFolder (fun root ->
                    let cosine =
                        ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16, CosineSteps = 30.0)

                    let how = How.Of(online = 200L, schedule = OnlineSchedule.Finished, reset = reset)

                    for line in trainLines (train root "run" cosine how) do
                        if line.Step > 30L then
                            Expect.equal line.Metrics["policyLearningRate"] 0.0 $"rate at step {line.Step}"))

        testCase "constant learning rates stay what they are after optimizers began anew" (fun () ->
            inFolder (fun root ->
                for line in trainLines (train root "run" algorithm (How.Of(reset = true))) do
                    Expect.equal line.Metrics["policyLearningRate"] 3e-4 $"rate at step {line.Step}"))

        testCase "calibration goes on online and is never turned off silently" (fun () ->
            inFolder (fun root ->
                let shares name how =
                    let own = run root name (configFor calibrated how)
                    let folder = (trainTo toEnd (planFor calibrated 1) own).Run.Folder

                    [
                        for line in trainLines folder ->
                            line.Step > 30L, line.Metrics["boundShare1"] + line.Metrics["boundShare2"]
                    ]
                    |> List.partition fst

                let ofAll (shares: (bool * float) list) = shares |> List.sumBy snd
                let kept, before = shares "kept" (How.Of(turns = Turns.Episodes))
                Expect.isGreaterThan (ofAll kept) 0.0 "bounded samples online"
                Expect.isGreaterThan (ofAll before) 0.0 "bounded samples before"
                let off, before = shares "off" (How.Of(calibration = OnlineCalibration.Off))
                Expect.equal (ofAll off) 0.0 "bounded samples online, without the bound"
                Expect.isGreaterThan (ofAll before) 0.0 "bounded samples before"))

        testAlone "decisions and their updates allocate nothing" (fun () ->
            inFolder (fun root ->
                let bytes name online =
                    let how = How.Of(online = online, share = 0.5, capacity = 16L)

                    let config =
                        (configOf algorithm how)
                            .With(
                                logEvery = 100_000L,
                                checkpointEvery = 100_000L,
                                evaluateEvery = 100_000L,
                                evaluationEpisodes = 0
                            )

                    let own, plan = run root name config, planWith transitions (Endless()) 1 (learnerOf algorithm)
                    let before = GC.GetAllocatedBytesForCurrentThread()
                    trainTo toEnd plan own |> ignore
                    GC.GetAllocatedBytesForCurrentThread() - before

                bytes "warm" 1000L |> ignore
                let few, many = bytes "few" 1000L, bytes "many" 21000L
                // The runtime compiles methods again meanwhile, and other such things.
                Expect.isLessThan (many - few) 200000L "bytes of 20,000 more decisions"))

        testCase "without offline steps a run begins with acting" (fun () ->
            inFolder (fun root ->
                let how = How.Of(offline = 0L, share = 0.5, updates = 2.0)
                let folder = train root "run" algorithm how
                Expect.equal (folder.ReadResult().Steps) 80L "steps of the result"
                Expect.equal (evaluationLines folder).Head.Step 0L "step of the first evaluation"
                let first = (actingLines folder).Head
                // Two updates come after each decision but the episode's last.
                Expect.equal first.Step (2L * (first.EnvironmentSteps - 1L)) "updates before the first episode's end"))

        testCase "every evaluation has starts of its own, none of them acting's" (fun () ->
            inFolder (fun root ->

                let folder = train root "run" still (How.Of())
                let returns = [ for line in evaluationLines folder -> List.ofSeq line.Returns ]
                Expect.hasLength returns 6 "evaluations at 0, 20, 30, 40, 60 and 70 steps"
                Expect.hasLength (List.distinct returns) 6 "evaluations that differ"
                let result = folder.ReadResult()
                Expect.hasLength result.Scores 5 "scores, of evaluations alone"))

        testCase "with room for all rows the data stay whole, with none they go one by one" (fun () ->
            inFolder (fun root ->
                let left how = [
                    for line in actingLines (train root (string (Guid.NewGuid())) algorithm how) ->
                        line.EnvironmentSteps, line.DataRows, line.OnlineRows
                ]

                for steps, data, online in left (How.Of()) do
                    Expect.equal (data, online) (64L, steps) "rows with room for all"

                for steps, data, online in left (How.Of(capacity = 64L, online = 80L)) do
                    Expect.equal (data, online) (max 0L (64L - steps), min 64L steps) "rows in a full buffer"))

        testRows
            "updates and decisions take their turns"
            [ 1.0, 0L, 40L; 2.0, 0L, 80L; 0.5, 0L, 20L; 0.3, 0L, 12L; 1.0, 15L, 25L; 3.0, 10L, 90L ]
            (fun (updates, after, expected) ->
                let how = How.Of(updates = updates, after = after)
                Expect.equal how.Updates expected "updates"

                for update in 0L .. how.Updates - 1L do
                    let steps = how.StepsBefore update
                    Expect.isGreaterThanOrEqual (float (steps - after) * updates) (float (update + 1L)) "enough steps"
                    Expect.isLessThan (float (steps - 1L - after) * updates) (float (update + 1L)) "no step too many"
                    Expect.isLessThanOrEqual steps 40L "all steps")

        testCase "whole episodes take turns with their updates" (fun () ->
            inFolder (fun root ->
                let how = How.Of(turns = Turns.Episodes, updates = 2.0)
                let folder = train root "run" algorithm how
                let acted = actingLines folder
                // An episode ends before the first update that its decisions allow.
                for before, line in List.pairwise (None :: List.map Some acted) do
                    let from = before |> Option.map (fun (each: ActingLine) -> each.EnvironmentSteps)
                    Expect.equal line.Value.Step (30L + 2L * defaultArg from 0L) "step of an episode"))

        testCase "a run is the same on two threads" (fun () ->
            inFolder (fun root ->
                for name, how in
                    [
                        "plain", How.Of()
                        "ahead", How.Of(lag = 1)
                        "mixed", How.Of(share = 0.5, capacity = 20L, noise = 0.1, random = 5L)
                        "rare", How.Of(updates = 0.3, lag = 1, capacity = 70L)
                    ] do
                    let folder threads =
                        let plan = planWith transitions (Line()) threads (learnerOf algorithm)
                        let outcome = trainTo toEnd plan (run root $"{name}{threads}" (configOf algorithm how))
                        contents outcome.Run.Folder

                    Expect.equal (folder 2) (folder 1) name))
    ]
