/// docs/hyperparameters.md is made from the table: IQL_WRITE_PAGES=1 writes it anew.
module Iql.Core.Tests.Learning.HyperparameterPageTests

open System
open System.IO
open Iql.Algorithms
open Iql.Core.Tests
open Expecto

let private path = "docs/hyperparameters.md"

let private page = [
    "# Hyperparameters"
    ""
    "Generated from the properties in `src/Iql.Core/Algorithms/*Config.cs`, which a test holds it to."
    "A hyperparameter has the same name in C#, in F#, in `config.json` and, with dashes, as an option of `iql`."
    "Policies may differ in those marked with ° and still share one value function."

    for algorithm in Algorithm.All do
        ""
        $"## {algorithm.Name}: {algorithm.Title}"
        ""
        algorithm.Paper + "."

        if not algorithm.Variants.IsEmpty then
            let name (variant: Algorithm) =
                if variant.Title = algorithm.Title then
                    $"`{variant.Name}`"
                else
                    $"`{variant.Name}` ({variant.Title}: {variant.Paper})"

            $"""Variants: {String.Join(", ", Seq.map name algorithm.Variants)}."""

        ""
        "| name | option | standard | value | meaning |"
        "| --- | --- | --- | --- | --- |"

        for each in algorithm.Hyperparameters do
            if not each.SetByRun then
                let mark = if each.PerPolicy then "°" else ""
                let standard = each.Print(each.Get algorithm.Standard)
                let meaning = each.Description.Replace("|", "\\|")
                $"| {each.Name}{mark} | `--{each.OptionNames[0]}` | {standard} | {each.Expected} | {meaning} |"
]

[<Tests>]
let tests =
    testList "HyperparameterPageTests" [
        testCase "the page of hyperparameters is that of the table" (fun () ->
            if Environment.GetEnvironmentVariable "IQL_WRITE_PAGES" = "1" then
                File.WriteAllText(Path.Combine(Repository.root, path), String.Join('\n', page) + "\n")

            Expect.sequenceEqual (Repository.lines path) page "lines of path")
    ]
