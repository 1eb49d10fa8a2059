/// The packages of `dotnet pack`, installed and used from a folder.
module Iql.Cli.Tests.InstallTests

open System
open System.Diagnostics
open System.IO
open Expecto
open Iql.Tests
open Iql.Cli.Tests.Trainings

/// The folder that holds Iql.sln.
let private root: string =
    let rec above (folder: DirectoryInfo) =
        if File.Exists(Path.Combine(folder.FullName, "Iql.sln")) then
            folder.FullName
        else
            above folder.Parent

    above (DirectoryInfo AppContext.BaseDirectory)

/// The command succeeds: its standard output.
let private succeeds (folder: string) (variables: (string * string) list) (program: string) (arguments: string list) =
    let info =
        ProcessStartInfo(
            program,
            arguments,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        )

    for name, value in variables do
        info.Environment[name] <- value

    let code, output, error = finished (Process.Start info)
    Expect.equal code 0 $"{program} %A{arguments}: {output}{error}"
    output

/// A training of a second by F# Interactive, a chart and a frame.
let private script (packages: string) (version: string) : string =
    $"""
#i "nuget: {packages}"
#i "nuget: {Path.Combine(root, ".feed")}"
#r "nuget: Iql.Scripts, {version}"
open Iql.Scripts
open Plotly.NET

let trial =
    {{ Ablation.standard with
        Data = DataSource.Task(TaskName.standard, Some 2000)
        Steps = 20
        EvaluateEvery = 10
        Episodes = 1 }}

let sweep = {{ Name = "try"; Base = trial; Axes = [ Axis.seed [ 0 ] ] }}
let folder = System.IO.Path.Combine(__SOURCE_DIRECTORY__, "runs")
Launch.run (Launch.into folder) sweep |> Result.defaultWith failwith |> ignore
let results = Results.readSweep folder |> Result.defaultWith failwith
Chart.Line([ 0.0; 1.0 ], [ 1.0; 2.0 ], UseDefaults = false) |> Charts.Style.titled "try" "x" "y" |> ignore
printfn "%%d run of %%d steps, %%d row"
    results.Runs.Length results.Runs.Head.Config.Steps (Results.frame results).RowCount
"""

[<Tests>]
let tests =
    testList "InstallTests" [
        testLong [
            testCase "the tool and the library work from a folder of packages" (fun () ->
                use scratch = new Scratch()
                let packages, tools = scratch.Path "packages", scratch.Path "tools"
                // F# Interactive and NuGet keep what they know of a version: a fresh version, and a cache of its own.
                let version = $"0.1.0-try.{DateTime.UtcNow.Ticks}"
                let fresh = [ "NUGET_PACKAGES", scratch.Path "cache" ]

                let dotnet (variables: (string * string) list) (folder: string) (line: string) : string =
                    succeeds folder variables "dotnet" (List.ofArray (line.Split ' '))

                dotnet [] root $"pack Iql.sln -c Release --no-build -p:PackageVersion={version} -o {packages}"
                |> ignore

                Expect.equal
                    ([
                        for file in Directory.GetFiles packages ->
                            (Path.GetFileName file).Replace($".{version}.nupkg", "")
                     ]
                     |> List.sort)
                    [ "Iql.Cli"; "Iql.Core"; "Iql.Scripts" ]
                    "file"

                dotnet
                    fresh
                    (string scratch)
                    $"tool install Iql.Cli --version {version} --tool-path {tools} --source {packages}"
                |> ignore

                Expect.stringContains
                    (succeeds (string scratch) [] (Path.Combine(tools, "iql")) [ "tasks" ])
                    "pointmaze-umaze-v0"
                    "succeeds"

                File.WriteAllText(scratch.Path "try.fsx", script packages version)

                Expect.stringContains
                    (dotnet fresh (string scratch) "fsi try.fsx")
                    "1 run of 20 steps, 1 row"
                    "dotnet 'fsi try.fsx'")
        ]
    ]
