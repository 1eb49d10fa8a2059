/// Actions in other units than ±1: the same runs to the bit, where units differ by a power of two.
module Iql.Core.Tests.Training.ActionScalingTests

open System
open System.Collections.Immutable
open System.IO
open Iql.Data
open Iql.Data.Rows
open Iql.Environments
open Iql.Training
open Iql.Training.Online
open Expecto
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

/// The line, pushed in quarters. Nothing beyond its bounds, −4 and 4, may come.
type private Quarters() =
    let line = Line() :> IEnvironment

    interface IEnvironment with
        member _.Name = line.Name
        member _.ObservationSize = line.ObservationSize
        member _.ActionSpace = line.ActionSpace
        member _.StateSize = line.StateSize
        member _.TimeLimit = line.TimeLimit
        member _.Reset(seed, state, observation) = line.Reset(seed, state, observation)

        member _.Step(state, action, observation) =
            let units = action.ToArray()
            Expect.all units (fun unit -> abs unit <= 4f) "units within the bounds"
            line.Step(state, ReadOnlySpan(Array.map (fun unit -> unit / 4f) units), observation)

let private scaled =
    let bound (units: float32) = ImmutableArray.CreateRange [ units; units ]
    Normalization.None.WithActionBounds(ActionScaling.Bounds, bound -4f, bound 4f)

let private limited = Normalization.None.WithActionLimit(Nullable 1.0)

let private quarters =
    transitions.With(actions = [| for action in transitions.Actions -> 4f * action |])

let private config how (normalization: Normalization) = (configOf algorithm how).With(normalization = normalization)

let private cases = [ How.Of(random = 5L); How.Of(noise = 0.3, share = 0.5); How.Of(lag = 1) ]

/// The checkpoint and the metrics of a run, stopped at some steps on the way.
let private trained root name (data: IDataset) environment normalization how stops =
    let plan = planWith data environment 1 (learnerOf algorithm)
    let own = run root name (config how normalization)

    for stop in stops do
        trainTo (Nullable stop) plan own |> ignore

    trainTo toEnd plan own |> ignore

    [
        for tensor in (SafeTensors.Read own.Folder.CheckpointPath).Tensors ->
            tensor.Name, bits (tensor.Values.ToArray())
    ],
    lines own.Folder

let private inUnits root name how stops = trained root name (scaled.Apply quarters) (Quarters()) scaled how stops

let private plain root how = trained root "plain" (limited.Apply transitions) (Line()) limited how []

[<Tests>]
let tests =
    testList "ActionScalingTests" [
        testRows "online, evaluated and stopped on the way, units change no number" cases (fun how ->
            inFolder (fun root ->
                let expected = plain root how
                Expect.equal (inUnits root "units" how []) expected "in units"
                Expect.equal (inUnits root "stopped" how [ 13L; 44L; 61L ]) expected "in units, stopped"))

        testCase "rows of a file are stored in their units" (fun () ->
            inFolder (fun root ->
                let path = Path.Combine(root, "quarters.rows")
                RowFileWriter.Write(path, quarters)
                let how = cases.Head
                let rows = (RowFile path).Normalized scaled
                Expect.equal (trained root "rows" rows (Quarters()) scaled how []) (plain root how) "from rows"))

        testCase "scaled runs are other runs, and unscaled ones those they were" (fun () ->
            let identity normalization = (config cases.Head normalization).Identity
            Expect.notEqual (identity scaled) (identity Normalization.None) "identity"

            Expect.equal
                (identity (Normalization.None.WithActions(quarters, ActionScaling.None)))
                (identity Normalization.None)
                "identity")

        testCase "a folder's bounds that are none are refused" (fun () ->
            let crossed = scaled.WithActionLimit(Nullable 1.0)

            let message =
                messageOf<ArgumentException>(fun () ->
                    (config cases.Head (Normalization(ActionScaling = ActionScaling.MinMax))).Checked() |> ignore)

            Expect.stringContains message "actionScaling: expected" "message"
            Expect.equal ((config cases.Head crossed).Checked().Normalization.ActionLow.Length) 2 "bounds")
    ]
