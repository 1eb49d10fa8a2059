/// Runs as folders, without training: a policy of some numbers, in the user's units.
module Iql.Core.Tests.Policies.StoredRun

open System
open System.Collections.Immutable
open System.IO
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Execution
open Iql.Policies
open Iql.Training

/// Three sensors and two valves; a choice has one column.
let columns (discrete: bool) : DataColumns =
    DataColumns(
        ImmutableArray.Create(
            DataColumn("temperature", "°C", 0.0, 400.0),
            DataColumn("pressure", "bar"),
            DataColumn("level")
        ),
        if discrete then
            ImmutableArray.Create(DataColumn "mode")
        else
            ImmutableArray.Create(DataColumn("valve", "%", 0.0, 100.0), DataColumn("heater", "W", 0.0, 3000.0))
    )

/// The valves from 0 to 100, the heater from 0 to 3000 W.
let normalization (discrete: bool) : Normalization =
    let observed =
        Normalization(
            ObservationMean = ImmutableArray.Create(200f, 3f, 0.5f),
            ObservationDeviation = ImmutableArray.Create(40f, 0.5f, 0.1f),
            Rewards = RewardRule.Custom,
            RewardScale = 0.5,
            RewardShift = 0.25
        )

    if discrete then
        observed
    else
        observed.WithActionBounds(
            ActionScaling.Bounds,
            ImmutableArray.Create(0f, 0f),
            ImmutableArray.Create(100f, 3000f)
        )

/// Observations near what the data are said to be like, row after row.
let observations (rows: int) : float32[] = [|
    for row in 0 .. rows - 1 do
        for i, (mean, deviation) in List.indexed [ 200.0, 40.0; 3.0, 0.5; 0.5, 0.1 ] ->
            float32 (mean + deviation * (Seed.Named "observed").Normal(uint64 (row * 3 + i)))
|]

/// The numbers of a start, moved as far as training might.
let private moved (state: LearnerState) : LearnerState =
    for block in state.Blocks do
        for entry in block.Layout.Entries do
            let draw = Seed.Named entry.Name

            block.Write(
                entry.Name,
                ReadOnlySpan(
                    block.Read entry.Name |> Array.mapi (fun i x -> x + 0.15f * float32 (draw.Normal(uint64 i)))
                )
            )

    state

/// Writes the folder of a run of three observations and two actions, and loads its policy.
let load (folder: string) (name: string) (config: IAlgorithmConfig) : Policy =
    let discrete = name.EndsWith "discrete"
    let run = RunFolder(Path.Combine(folder, name.Replace('%', '-').Replace(' ', '-')))

    run.Create(
        RunConfig(
            Algorithm = (Algorithm.Of config).Name,
            Dataset = DatasetInfo("plant", "plant.csv", 64L, 4, "0123", null, columns discrete),
            Hyperparameters = config.ToJson(),
            Normalization = normalization discrete
        )
    )
    |> ignore

    let learner = config.Learner(3, 2)
    Checkpoint.Save(run, moved (Trainer.Start(learner, Seed.Named name)))
    Policy.Load run.Path
