// What a policy for the tank is worth. Only an invented plant can say so: the policy runs it 200 times, from the starts
// that operators had. The log's own returns stand beside it.
//
//     dotnet fsi scripts/plant-score.fsx runs/train-plant      without a folder, only the operators are scored
#load "prelude.fsx"
#load "tank.fsx"

open System
open Prelude
open Iql.Scripts
open Tank

let runs = size 200 10

/// Rewards of one run of the tank: a thousand, or until it fails.
let run (act: float32[] -> Command) (random: Random) : float list =
    let rec go row tank flow =
        if row = 1000 || failed tank then
            []
        else
            let command = act [| float32 tank.Water; float32 tank.Temperature; float32 flow |]
            reward tank command :: go (row + 1) (next tank command) (outflow tank command)

    go 0 (start random) demand

/// The mean over runs with its standard error.
let shown (numbers: float list) : string =
    let mean = List.average numbers
    let variance = numbers |> List.averageBy (fun number -> (number - mean) ** 2.0)
    $"{mean:F1} ± {sqrt (variance / float runs):F1}"

/// Prints the return of a batch, a hundred rows, and what fitted Q evaluation estimates: discounted, without an end.
let score (name: string) (policies: Random -> float32[] -> Command) : unit =
    let rewards = [
        for i in 1..runs ->
            let random = Random(1000 + i)
            run (policies random) random
    ]

    let batch = rewards |> List.map (List.truncate 100 >> List.sum)
    let discounted = rewards |> List.map (List.mapi (fun t reward -> 0.99 ** float t * reward) >> List.sum)
    let cut = rewards |> List.filter (fun rewards -> rewards.Length < 100) |> List.length
    printfn $"{name}: return {shown batch}, discounted {shown discounted}, {cut} of {runs} batches failed"

score "operators" (fun random ->
    let who = someone random
    fun observation -> operator random who { Water = float observation[0]; Temperature = float observation[1] })

match Array.tryItem 1 fsi.CommandLineArgs with
| None -> ()
| Some folder ->
    use policy = Policy.load folder |> get

    score folder (fun _ observation ->
        let action = policy.Act observation
        { Inlet = float action[0]; Outlet = float action[1]; Heater = float action[2] })
