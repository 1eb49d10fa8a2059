// Use a trained policy: observations in, actions out, no environment; then write it for other programs.
#load "prelude.fsx"

open System.IO
open Prelude
open Iql.Export
open Iql.Scripts

let results = train { Name = "policy"; Base = trial; Axes = [ Axis.seed [ 0 ] ] }

// The folder of a run, or of a sweep with one run.
let policy = Policy.load (folder "policy") |> get
printfn $"{policy}"

// A place and a velocity in the maze give two forces.
let action = policy.Act [| 1.0f; 1.0f; 0.0f; 0.0f |]
printfn "at rest at (1, 1): push by (%.2f, %.2f)" action[0] action[1]

// Many observations at a time, each for itself.
let places = [ for x in 1.0f .. 3.0f -> [| x; 1.0f; 0.0f; 0.0f |] ]

for place, push in List.zip places (policy |> Policy.actAll places) do
    printfn "at (%.0f, %.0f): (%.2f, %.2f)" place[0] place[1] push[0] push[1]

// A model for any ONNX runtime, and its card.
let model = Path.Combine(folder "policy", "policy.onnx")
let card = PolicyExport.Save(policy, PolicyFormat.Onnx, model, licence = "MIT")
printfn "%s\n%s" model card
