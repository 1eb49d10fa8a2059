/// A sweep whose runs come one by one, as if they were trained.
module Iql.Live.Tests.GrowingSweep

open System.IO
open Iql.Scripts.Tests
open Iql.Training

/// A sweep's folder, and beside it one with all its runs.
type Growing = { Folder: string; Whole: string }

let plan = { Synthetic.plan with Diverged = [ Synthetic.runName 0.5 10.0 2 ] }

let private names = [
    for seed in plan.Seeds do
        for expectile in plan.Expectiles do
            for beta in plan.InverseTemperatures -> Synthetic.runName expectile beta seed
]

/// The status of a group of this process: the runs of one expectile and one seed.
let status (growing: Growing) (group: int) (step: int64) (state: GroupState) : unit =
    let expectile, seed = plan.Expectiles[group / 3], group % 3

    GroupStatus(
        Group = group,
        Name = $"expectile={expectile},seed={seed}",
        Runs = 4,
        Step = step,
        Steps = int64 plan.Steps,
        State = state,
        Reason = (if state = GroupState.Failed then "the disk is full." else null),
        StepsPerSecond = 400.0
    )
        .Write
        growing.Folder

/// Brings the first so many runs.
let bring (count: int) (growing: Growing) : unit =
    for name in List.truncate count names do
        let folder = (SweepPlan.RunFolder(growing.Folder, name)).Path

        if not (Directory.Exists folder) then
            Directory.Move((SweepPlan.RunFolder(growing.Whole, name)).Path, folder)

/// A sweep without a run, while an action goes on.
let during (action: Growing -> unit) : unit =
    let folder = Synthetic.temporary ()

    try
        let growing = { Folder = Path.Combine(folder, "sweep"); Whole = Path.Combine(folder, "whole") }
        Synthetic.write growing.Whole plan
        Synthetic.write growing.Folder { plan with Missing = names }
        Directory.CreateDirectory(Path.Combine(growing.Folder, "runs")) |> ignore
        action growing
    finally
        Directory.Delete(folder, true)
