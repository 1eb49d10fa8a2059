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

/// An operator's hand: never twice the same. The less skill, the more noise, and the further the outlet's habit is off.
let operator (random: Random) (skill: float) (habit: float) (tank: Tank) : Command =
    let noise scale = scale * (random.NextDouble() + random.NextDouble() - 1.0) * (1.5 - skill)
    let within least greatest (x: float) = max least (min greatest x)
    let level = (tank.Water - capacity / 2.0) / capacity

    {
        Inlet = within 0.0 100.0 (42.0 - 90.0 * skill * level + noise 40.0)
        Outlet = within 0.0 100.0 (57.0 + habit * (1.2 - skill) + noise 40.0)
        Heater = within 0.0 3000.0 (1300.0 + 250.0 * skill * (wanted - tank.Temperature) + noise 900.0)
    }

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
    "Batch; Time ;Level [l];Temperature [°C];Outflow [l/min];Inlet [%];Outlet [%];Heater [W];Reward;Failed"
    let mutable time = DateTime(2026, 3, 2, 6, 0, 0)

    for batch in 1..300 do
        let skill, habit = random.NextDouble(), 160.0 * (random.NextDouble() - 0.5)

        let mutable tank = {
            Water = 8.0 + 24.0 * random.NextDouble()
            Temperature = 20.0 + 30.0 * random.NextDouble()
        }

        let mutable row = 0
        let mutable flow = demand

        while row < 100 && not (failed tank) do
            let command = operator random skill habit tank
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
