// A log as plants write them: two valves, a heater and three sensors of a tank, with decimal commas, blanks in the
// header, units in the names, sensors that miss a value and rows that nobody recorded. docs/own-data.md makes a policy
// of it.
//
//     dotnet fsi scripts/plant-log.fsx FILE        300 runs of the tank; without FILE, runs/plant.csv
#load "tank.fsx"

open System
open System.Globalization
open System.IO
open System.Text
open Tank

let path =
    fsi.CommandLineArgs
    |> Array.tryItem 1
    |> Option.defaultValue (Path.Combine(__SOURCE_DIRECTORY__, "..", "runs", "plant.csv"))
    |> Path.GetFullPath

Directory.CreateDirectory(Path.GetDirectoryName path) |> ignore
let random = Random 7

/// A number with a decimal comma.
let text (digits: int) (number: float) = number.ToString($"F{digits}", CultureInfo.InvariantCulture).Replace('.', ',')

let rows = [
    "Batch; Time ;Level [l];Temperature [°C];Outflow [l/min];Inlet valve [%];Outlet valve [%];Heater [W];Reward;Failed"
    let mutable time = DateTime(2026, 3, 2, 6, 0, 0)

    for batch in 1..300 do
        let who = someone random
        let mutable tank = start random
        let mutable row = 0
        let mutable flow = demand

        while row < 100 && not (failed tank) do
            let command = operator random who tank
            let after = next tank command
            let isMissing = random.NextDouble() < 0.004

            // Nobody recorded a few rows in a thousand.
            if random.NextDouble() > 0.002 then
                String.concat ";" [
                    $"B{batch:D4}"
                    time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
                    text 2 tank.Water
                    (if isMissing then "n/a" else text 2 tank.Temperature)
                    text 3 flow
                    text 1 command.Inlet
                    text 1 command.Outlet
                    text 0 command.Heater
                    text 4 (reward tank command)
                    (if failed after then "1" else "0")
                ]

            flow <- outflow tank command
            tank <- after
            time <- time.AddSeconds seconds
            row <- row + 1

        time <- time.AddMinutes 30.0
]

// Latin-1, as many a logger writes.
File.WriteAllLines(path, rows, Encoding.Latin1)
printfn "%s: %d rows of 300 batches" path (rows.Length - 1)
