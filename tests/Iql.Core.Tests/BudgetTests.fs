/// How large the project may be. eng/budgets.txt has a line budget for each room: a raise says in its commit what it
/// buys.
module Iql.Core.Tests.BudgetTests

open System.IO
open Expecto
open Iql.Tests

/// Code, and the tables and assets that a room embeds.
let private counted = [ ".cs"; ".fs"; ".css"; ".js"; ".csv"; ".md"; ".txt"; ".json"; ".py" ]

let private sources =
    Repository.files
    |> List.filter (fun path -> path.StartsWith "src/" && List.contains (Path.GetExtension path) counted)
    |> List.map (fun path -> path, Repository.lines path)

let private ending (extension: string) = sources |> List.filter (fun (path, _) -> path.EndsWith extension)

let private budgets = [
    for line in Repository.lines "eng/budgets.txt" do
        match line.Split([| ' ' |], System.StringSplitOptions.RemoveEmptyEntries) with
        | [| room; budget |] when not (room.StartsWith '#') -> room, int budget
        | _ -> ()
]

/// What people write in C# and F#. Scripts have no limit yet.
let private written (extension: string) = extension = ".cs" || extension = ".fs"

let private within (room: string) (path: string) = path.StartsWith(room + "/")

[<Tests>]
let tests =
    testList "BudgetTests" [
        testCase "no room has more lines than its budget" (fun () ->
            Expect.isNonEmpty budgets "budgets"

            for room, budget in budgets do
                let lines = sources |> List.filter (fst >> within room) |> List.sumBy (fun (_, lines) -> lines.Length)

                Expect.isLessThanOrEqual lines budget $"{room}: expected at most {budget} lines, got {lines}")

        testCase "every room has a budget, and every budget a room" (fun () ->
            for path, _ in sources do
                let project = path.Split '/' |> Array.truncate 2 |> String.concat "/"

                Expect.exists
                    budgets
                    (fun (room, _) -> room <> "src" && (within room path || room = project))
                    "budgets"

            for room, _ in budgets do
                Expect.exists sources (fun (path, _) -> within room path) "sources")

        testCase "no file has more than 400 lines" (fun () ->
            for path, lines in ending ".cs" @ ending ".fs" do
                Expect.isLessThanOrEqual lines.Length 400 $"{path}: expected at most 400 lines, got {lines.Length}")

        testRows "half of the files are short" [ ".cs", 100; ".fs", 110 ] (fun (extension: string, limit: int) ->
            let lengths = [ for _, lines in ending extension -> lines.Length ] |> List.sort
            let median = lengths[lengths.Length / 2]

            Expect.isLessThanOrEqual
                median
                limit
                $"{extension}: expected a median of at most {limit} lines, got {median}")

        testCase "no line has more than 120 columns" (fun () ->
            for path in Repository.files |> List.filter (fun path -> written (Path.GetExtension path)) do
                Repository.lines path
                |> Array.iteri (fun i line ->
                    Expect.isLessThanOrEqual
                        line.Length
                        120
                        $"{path}, line {i + 1}: expected at most 120 columns, got {line.Length}"))
    ]
