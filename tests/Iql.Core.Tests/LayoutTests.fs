module Iql.Core.Tests.LayoutTests

open System.IO
open System.Text.RegularExpressions
open Xunit

/// The folders of src/Iql.Core: each may use the root files and what stands before it, never what stands behind.
let order = [
    "Graph"
    "Kernels"
    "Execution"
    "Compile"
    "Networks"
    "Optimizers"
    "Losses"
    "Data"
    "Environments"
    "Algorithms"
    "Training"
    "Measurement"
]

let private source = "src/Iql.Core/"

let private sources =
    Repository.files
    |> List.filter (fun path -> path.StartsWith source && path.EndsWith ".cs")

/// "src/Iql.Core/Graph/Op.cs" stands in Some "Graph", a root file in None.
let private folder (path: string) =
    match path.Substring(source.Length).Split '/' with
    | [| _ |] -> None
    | parts -> Some parts[0]

let private laterThan folder =
    match folder with
    | None -> order
    | Some name -> order |> List.skipWhile ((<>) name) |> List.except [ name ]

let private code path =
    Repository.lines path
    |> Array.filter (fun line -> not (line.TrimStart().StartsWith "//"))

[<Fact>]
let ``every folder of the core has a place in the order`` () =
    let unknown = sources |> List.choose folder |> List.distinct |> List.except order

    Assert.True(unknown.IsEmpty, $"Give these folders a place in LayoutTests.order: %A{unknown}")

[<Fact>]
let ``a file's namespace is its folder`` () =
    let wrong = [
        for path in sources do
            let expected =
                "Iql" + (folder path |> Option.map (sprintf ".%s") |> Option.defaultValue "")

            for line in code path do
                let found = Regex.Match(line, @"^namespace\s+([\w.]+)").Groups[1].Value

                if
                    found <> ""
                    && found <> expected
                    && not (found.StartsWith(expected + ".") && expected <> "Iql")
                then
                    $"{path}: expected namespace {expected}, got {found}"
    ]

    Assert.True(wrong.IsEmpty, String.concat "\n" wrong)

/// Iql.Data, or Data.Transitions, which C# finds from any namespace inside Iql. A file bears its type's name.
let private useOf name =
    sources
    |> List.filter (fun path -> folder path = Some name)
    |> List.map (fun path -> (Path.GetFileName path).Split('.')[0])
    |> List.distinct
    |> String.concat "|"
    |> sprintf @"\bIql\.%s\b|(?<![\w.])%s\.(%s)\b" name name

[<Fact>]
let ``a file uses only folders that stand before its own`` () =
    let wrong = [
        for path in sources do
            for later in laterThan (folder path) do
                let pattern = useOf later

                for line in code path do
                    if Regex.IsMatch(line, pattern) then
                        $"{path} uses {later}, which stands behind it: {line.Trim()}"
    ]

    Assert.True(wrong.IsEmpty, String.concat "\n" wrong)
