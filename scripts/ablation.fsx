// An ablation is data: axes are values, a grid is a list, and what comes back is a list again.
#load "prelude.fsx"

open Prelude
open Iql.Scripts

let sweep = {
    Name = "ablation"
    Base = trial
    Axes = [
        Axis.expectile (if tiny then [ 0.5; 0.9 ] else [ 0.5; 0.7; 0.9 ])
        Axis.inverseTemperature (if tiny then [ 0.0; 3.0 ] else [ 0.0; 3.0; 10.0 ])
        Axis.seed [ 0 .. size 2 0 ]
    ]
}

// Before anything runs, the plan can be looked at. Cells that differ in β alone share a value function, so nine cells
// of a seed are three trainings.
let cells = Sweep.cells sweep

printfn
    "%d runs in %d groups, from %s to %s"
    cells.Length
    (Sweep.groups cells).Length
    cells.Head.Name
    (List.last cells).Name

let results = train sweep

// An axis is a name and functions from trial to trial; one of your own is a line.
let bigger =
    Axis.own "width" [ for width in [ 32; 128 ] -> string width, Hyperparameter.set "hiddenSizes" [ width; width ] ]

printfn "with another axis: %d runs" (Sweep.grid (bigger :: sweep.Axes) trial).Length

// The whole report, as `iql ablate` makes it.
match Report.write (folder sweep.Name) with
| Ok page -> printfn "%s" page
| Error problem -> failwith problem
