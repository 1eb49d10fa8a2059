module Iql.Core.Tests.LayoutTests

open System.IO
open System.Text.RegularExpressions
open Expecto

/// The folders of src/Iql.Core: each may use the root files and the folders before it, never a folder behind it.
/// A folder here means the files directly in it, so a parent has its own place before or behind its sub-folders.
let order = [
    "Graph"
    "Execution"
    "Cpu/Emit"
    "Cpu/Kernels"
    "Cpu"
    "Networks"
    "Optimizers"
    "Losses"
    "Data"
    "Data/Rows"
    "Data/Files/Arrays"
    "Data/Files/Hdf5"
    "Data/Files/Minari"
    "Data/Files/Layouts"
    "Data/Files/Logs"
    "Data/Files"
    "Data/Inspection"
    "Data/Download"
    "Environments"
    "Environments/Own"
    "Environments/Mujoco"
    "Environments/Tasks"
    "Algorithms"
    "Training/Online"
    "Training"
    "Policies"
    "Export"
    "Estimation"
]

let private source = "src/Iql.Core/"

let private sources =
    Repository.files |> List.filter (fun path -> path.StartsWith source && path.EndsWith ".cs")

/// "src/Iql.Core/Graph/Op.cs" stands in "Graph", a root file in "".
let private folder (path: string) =
    match path.LastIndexOf '/' with
    | last when last < source.Length -> ""
    | last -> path[source.Length .. last - 1]

let private spaceOf (folder: string) = if folder = "" then "Iql" else "Iql." + folder.Replace('/', '.')

let private laterThan folder =
    if folder = "" then
        order
    else
        order |> List.skipWhile ((<>) folder) |> List.except [ folder ]

/// The lines of every file without comments.
let private code =
    sources
    |> List.map (fun path ->
        path, Repository.lines path |> Array.map (fun line -> Regex.Replace(line, "(?<!:)//.*", "")))
    |> Map.ofList

/// The types that stand in a folder.
let private typesOf =
    sources
    |> List.groupBy folder
    |> List.map (fun (name, paths) ->
        let declared = @"^[a-z][\w ]* (?:class|struct|interface|enum|record)\s+(?:struct\s+)?([A-Z]\w*)"

        name,
        [
            for path in paths do
                for line in code[path] do
                    let found = Regex.Match(line, declared)

                    if found.Success then
                        found.Groups[1].Value
        ]
        |> List.distinct)
    |> Map.ofList

/// Iql.Data.Files, or Files.DatasetFile, or DatasetFile alone where C# finds it: inside the namespace.
let private useOf (later: string) (user: string) =
    let types = String.concat "|" typesOf[later]
    let parts = later.Split '/'

    String.concat "|" [
        $@"\busing {Regex.Escape(spaceOf later)};"

        for first in 0 .. parts.Length - 1 do
            let path = parts[first..] |> String.concat @"\."
            $@"(?<![\w.])(Iql\.)?{path}\.({types})\b"

        if user.StartsWith(later + "/") then
            $@"(?<![\w.])({types})\b"
    ]

/// "Data", "Data/Files": the folders that a file lies in.
let private rooms (file: string) =
    let parts = file.Split '/'
    [ for count in 1 .. parts.Length - 1 -> String.concat "/" parts[.. count - 1] ]

/// The folders whose files do not follow each other in a list.
let private torn (files: string list) = [
    for room in files |> List.collect rooms |> List.distinct do
        let places = [
            for index, file in List.indexed files do
                if file.StartsWith(room + "/") then
                    index
        ]

        if List.last places - List.head places >= places.Length then
            room
]

/// The files of an F# project in compile order, from the project's folder on.
let private compiled (project: string) = [
    for line in Repository.lines project do
        let found = Regex.Match(line, "<Compile Include=\"([^\"]+)\"")

        if found.Success then
            found.Groups[1].Value.Replace('\\', '/')
]

let private projects =
    Repository.files |> List.filter (fun path -> Regex.IsMatch(path, @"^src/[^/]+/[^/]+\.fsproj$"))

/// Besides Cpu itself: the threads, what acts on one beside a device, and what explains a graph by its kernels.
let private knowsTheProcessor (path: string) =
    [
        "src/Iql.Core/Cpu/"
        "src/Iql.Core/Execution/WorkerTeam.cs"
        "src/Iql.Core/Training/Online/OnlinePhase.cs"
        "src/Iql.Scripts/Explain/"
    ]
    |> List.exists path.StartsWith

[<Tests>]
let tests =
    testList "LayoutTests" [
        testCase "every folder of the core has a place in the order" (fun () ->
            let unknown = sources |> List.map folder |> List.distinct |> List.except ("" :: order)

            Expect.isTrue unknown.IsEmpty $"Give these folders a place in LayoutTests.order: %A{unknown}")

        testCase "the order lists every folder in one place, so no two top folders use each other" (fun () ->
            Expect.isEmpty (order |> List.map (fun folder -> folder + "/") |> torn) "torn")

        testCase "a file's namespace is its folder" (fun () ->
            let wrong = [
                for path in sources do
                    let expected = spaceOf (folder path)

                    for line in code[path] do
                        let found = Regex.Match(line, @"^namespace\s+([\w.]+)").Groups[1].Value

                        if found <> "" && found <> expected then
                            $"{path}: expected namespace {expected}, got {found}"
            ]

            Expect.isTrue wrong.IsEmpty (String.concat "\n" wrong))

        testCase "a file uses only folders that stand before its own" (fun () ->
            let wrong = [
                for path in sources do
                    for later in laterThan (folder path) do
                        let pattern = Regex(useOf later (folder path))

                        for line in code[path] do
                            if pattern.IsMatch line then
                                $"{path} uses {later}, which stands behind it: {line.Trim()}"
            ]

            Expect.isTrue wrong.IsEmpty (String.concat "\n" wrong))

        testCase "an F# project lists every folder in one place" (fun () ->
            let wrong = [
                for project in projects do
                    for room in torn (compiled project) do
                        $"{project}: {room} has two places"
            ]

            Expect.isTrue wrong.IsEmpty (String.concat "\n" wrong))

        testCase "an F# project lists all of its files" (fun () ->
            let wrong = [
                for project in projects do
                    let home = Path.GetDirectoryName(project).Replace('\\', '/') + "/"
                    let listed = [ for file in compiled project -> home + file ]

                    let existing =
                        Repository.files |> List.filter (fun path -> path.StartsWith home && path.EndsWith ".fs")

                    for path in List.except listed existing @ List.except existing listed do
                        $"{project} and its folder differ in {path}"
            ]

            Expect.isTrue wrong.IsEmpty (String.concat "\n" wrong))

        testCase "training and scripts know devices, not what the processor's is made of" (fun () ->
            let wrong = [
                for path in Repository.files do
                    if path.StartsWith "src/" && not (knowsTheProcessor path) then
                        for line in Repository.lines path do
                            if Regex.IsMatch(line, @"\b(CompiledGraph|WorkerTeam)\b") then
                                $"{path}: {line.Trim()}"
            ]

            Expect.isTrue wrong.IsEmpty (String.concat "\n" wrong))
    ]
