/// Notebooks: short and in one form. HygieneTests looks at their outputs.
module Iql.Core.Tests.NotebooksTests

open System.IO
open System.Text.Json.Nodes
open System.Text.RegularExpressions
open Expecto

let private notebooks =
    Repository.files |> List.filter (fun path -> path.StartsWith "notebooks/" && path.EndsWith ".ipynb")

let private read (path: string) : JsonNode list =
    let text = File.ReadAllText(Path.Combine(Repository.root, path))
    List.ofSeq (JsonNode.Parse(text).["cells"].AsArray())

let private isCode (cell: JsonNode) : bool = string cell["cell_type"] = "code"

/// The lines of a cell, or of the text of an output.
let private text (node: JsonNode) : string =
    match node with
    | :? JsonArray as lines -> String.concat "" [ for line in lines -> string line ]
    | node -> string node

[<Tests>]
let tests =
    testList "NotebooksTests" [
        for path in notebooks do
            testCase $"{Path.GetFileNameWithoutExtension path} has the form of all" (fun () ->
                let cells = read path
                let code = cells |> List.filter isCode
                let last = text (List.last cells).["source"]

                Expect.isTrue (cells.Length >= 6 && cells.Length <= 12) $"{path}: 6 to 12 cells, got {cells.Length}"

                Expect.stringStarts (text cells.Head.["source"]) $"# {path[10..11]} " $"{path}: the title's number"

                Expect.stringStarts (text code.Head.["source"]) "#load \"notebook.fsx\"\n" $"{path}: its first code"

                Expect.stringContains last "## A question, and something to change" $"{path}: its last cell"

                for cell in code do
                    let outputs = cell["outputs"].ToJsonString()
                    Expect.isFalse (outputs.Contains "runs done") $"{path}: lines of progress")

        testCase "no link of a notebook is broken" (fun () ->
            let broken = [
                for path in notebooks do
                    for cell in read path |> List.filter (isCode >> not) do
                        for found in Regex.Matches(text cell["source"], @"\]\(([^)#]+)\)") do
                            let target = Path.Combine(Repository.root, "notebooks", found.Groups[1].Value)

                            if not (File.Exists target) then
                                $"{path}: {found.Groups[1].Value}"
            ]

            Expect.isTrue (notebooks.Length = 9 && broken.IsEmpty) (String.concat "\n" broken))
    ]
