namespace Iql.Scripts

/// One run of a sweep.
type SweepCell = {
    /// "expectile=0.7,inverseTemperature=3,seed=0", also its folder's name.
    Name: string
    /// Axis and value.
    Labels: (string * string) list
    Trial: Trial
}

/// An ablation as data: a trial, and the axes along which it is varied.
type Sweep = {
    Name: string
    Base: Trial
    Axes: Axis list
}

/// Grids, and which of their cells can be trained together.
[<RequireQualifiedAccess>]
module Sweep =

    /// Every combination of axis values applied to a base trial, first axis slowest.
    let grid (axes: Axis list) (trial: Trial) : SweepCell list =
        (([ [], trial ], axes)
         ||> List.fold (fun cells axis -> [
             for labels, trial in cells do
                 for label, set in axis.Values -> (axis.Name, label) :: labels, set trial
         ]))
        |> List.map (fun (labels, trial) ->
            let labels = List.rev labels

            {
                Name =
                    if labels.IsEmpty then
                        "run"
                    else
                        labels |> List.map (fun (axis, value) -> $"{axis}={value}") |> String.concat ","
                Labels = labels
                Trial = trial
            })

    /// The runs of a sweep.
    let cells (sweep: Sweep) : SweepCell list = grid sweep.Axes sweep.Base

    /// Cells that are trained together, by one learner: alike in everything but what its shared part never sees, such as the inverse
    /// temperature of implicit Q-learning.
    let groups (cells: SweepCell list) : SweepCell list list =
        cells
        |> List.groupBy (fun cell ->
            match (Trial.entry cell.Trial).Shared cell.Trial.Algorithm with
            | Some shared -> { cell.Trial with Algorithm = shared }, ""
            | None -> cell.Trial, cell.Name)
        |> List.map snd
