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

    /// Cells that share a value function: alike in everything but the inverse temperature, which V and the critics never see.
    let groups (cells: SweepCell list) : SweepCell list list =
        cells
        |> List.groupBy (fun cell -> {
            cell.Trial with
                Hyperparameters = cell.Trial.Hyperparameters.With(inverseTemperature = 0.0)
        })
        |> List.map snd
