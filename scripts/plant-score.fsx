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

/// Rewards of one run of the tank, at most a hundred.
let run (act: float32[] -> Command) (random: Random) : float list =
    let rec go row tank flow =
        if row = 100 || failed tank then
            []
        else
            let command = act [| float32 tank.Water; float32 tank.Temperature; float32 flow |]
            reward tank command :: go (row + 1) (next tank command) (outflow tank command)

    go 0 (start random) demand

/// The mean return and its standard error, and the share of runs that failed.
let score (name: string) (policies: Random -> float32[] -> Command) : unit =
    let returns = [
        for i in 1..runs ->
            let random = Random(1000 + i)
            run (policies random) random
    ]

    let sums = List.map List.sum returns
    let mean = List.average sums
    let deviation = sums |> List.averageBy (fun sum -> (sum - mean) ** 2.0) |> sqrt
    let cut = returns |> List.filter (fun rewards -> rewards.Length < 100) |> List.length
    printfn "%s: return %.1f ± %.1f, %d of %d runs failed" name mean (deviation / sqrt (float runs)) cut runs

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
