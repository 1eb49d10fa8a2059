// Every number and picture of README, docs and the notebooks that comes from training, made by one command.
#load "../scripts/prelude.fsx"

open System
open System.Diagnostics
open System.IO
open System.Security.Cryptography
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Json.Nodes
open System.Text.RegularExpressions
open Iql.Scripts
open Iql.Training

let help =
    """Trains what README and docs quote, writes docs/numbers.json, the tables of pages and the pictures. Half an hour.

  dotnet build -c Release
  dotnet fsi tools/notebooks.fsx install
  dotnet fsi tools/numbers.fsx            trains everything anew
  dotnet fsi tools/numbers.fsx --keep     does not train again what an earlier call left in runs"""

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
let inRoot (path: string) : string = Path.Combine(root, path)
let file = inRoot "docs/numbers.json"

let notebooks = [
    for path in Directory.GetFiles(inRoot "notebooks", "*.ipynb") |> Array.sort -> $"notebooks/{Path.GetFileName path}"
]

/// A table of a page: a row for each value of an axis, and a cell for each value of another. A cell has the mean scores
/// of some commands, which a page separates by commas.
type Table = {
    Name: string
    Page: string
    Commands: string list
    Rows: string option
    RowHead: string
    Columns: string
    ColumnHead: string -> string
}

let expectileTable = {
    Name = "default"
    Page = "docs/environments.md"
    Commands = [ "iql ablate --transitions 100k"; "iql ablate" ]
    Rows = Some "expectile"
    RowHead = "τ"
    Columns = "inverseTemperature"
    ColumnHead = fun beta -> $"β = {beta}"
}

let gridmaze = "iql ablate --task gridmaze-large-v0"
let gridmazeSize = "--steps 10k --hidden 64x64 --episodes 200"

let tables = [
    expectileTable
    {
        expectileTable with
            Name = "gridmaze-iql"
            Page = "docs/discrete-actions.md"
            Commands = [
                $"{gridmaze} --expectiles 0.5,0.7,0.9 --inverse-temperatures 0,1,3,10 --seeds 0-2 {gridmazeSize}"
            ]
    }
    {
        Name = "gridmaze-cql"
        Page = "docs/discrete-actions.md"
        Commands = [ $"{gridmaze} --algorithm cql --conservative-weight 0,0.3,1,5 --seeds 0-2 {gridmazeSize}" ]
        Rows = None
        RowHead = "conservative Q-learning"
        Columns = "conservativeWeight"
        ColumnHead = fun weight -> $"w = {weight}"
    }
]

/// Runs a program from the root of the repository, with its output here.
let run (program: string) (words: string) : unit =
    printfn "%s %s" program words
    use running = Process.Start(ProcessStartInfo(program, words, WorkingDirectory = root))
    running.WaitForExit()

    if running.ExitCode <> 0 then
        failwith $"{program} {words}: expected exit code 0, got {running.ExitCode}."

/// The runs of a command that a page quotes.
let trained (table: string) (command: string) : Run list =
    let name = Regex.Replace(table + command.Replace("iql ablate", ""), "[^a-z0-9]+", "-")
    let folder = inRoot $"runs/numbers/{name}"
    let iql = Path.Combine("src", "Iql.Cli", "bin", "Release", "net10.0", "iql.dll")
    run "dotnet" $"{iql} {command.Substring 4} --output {folder}"
    (Results.readSweep folder |> Prelude.get).Runs

let scores (runs: Run list) (axes: (string * string) list) : float list = [
    for run in runs do
        if axes |> List.forall (fun (axis, value) -> Run.valueOf axis run = value) then
            yield! Option.toList (Run.final Score run)
]

let line (cells: string list) : string = "| " + String.concat " | " cells + " |"
let shown (score: float) : string = score.ToString("0.#").Replace('-', '−')

let width = Machine.Here.VectorWidth

/// A table's lines for its page, and its scores.
let made (table: Table) : JsonObject =
    let runs = table.Commands |> List.map (trained table.Name)
    let groups axis = ResultGroups.ofRuns [ axis ] runs.Head |> ResultGroups.values axis

    let rows =
        match table.Rows with
        | Some axis -> [ for value in groups axis -> value, [ axis, value ] ]
        | None -> [ "score", [] ]

    let columns = groups table.Columns

    let cells = [
        for head, row in rows ->
            head, [ for column in columns -> [ for each in runs -> scores each ((table.Columns, column) :: row) ] ]
    ]

    let lines = [
        line (table.RowHead :: List.map table.ColumnHead columns)
        line [ for _ in 0 .. columns.Length -> "---" ]
        for head, cells in cells do
            line (head :: [ for cell in cells -> cell |> List.map (List.average >> shown) |> String.concat ", " ])
        ""
        $"Made by `dotnet fsi tools/numbers.fsx` on vectors of {width} bits ([file](numbers.json))."
    ]

    JsonSerializer.SerializeToNode {|
        name = table.Name
        page = table.Page
        commands = table.Commands
        lines = lines
        scores = [ for _, row in cells -> row ]
    |}
    |> _.AsObject()

/// Puts lines between the marks of a page.
let put (page: string) (name: string) (lines: string list) : unit =
    let start, finish = $"<!-- numbers: {name} -->", "<!-- end of numbers -->"
    let text = File.ReadAllText(inRoot page)
    let from = text.IndexOf start

    if from < 0 then
        failwith $"{page}: expected the mark {start}, found none."

    let to' = text.IndexOf(finish, from)
    let block = start :: lines @ [ "" ] |> String.concat "\n"
    File.WriteAllText(inRoot page, text.Substring(0, from) + block + text.Substring to')

let hash (bytes: byte[]) : string = Convert.ToHexStringLower(SHA256.HashData bytes)[..15]

try
    let old = JsonNode.Parse(File.ReadAllText file)
    let recorded = old["recorded"].DeepClone()

    match List.tail (List.ofArray fsi.CommandLineArgs) with
    | [] ->
        let ofNotebooks = [ for notebook in notebooks -> $"scripts/{Path.GetFileNameWithoutExtension notebook}" ]

        for folder in [ "numbers"; "scripts/compare"; "scripts/tau-beta"; "scripts/fine-tuning" ] @ ofNotebooks do
            if Directory.Exists(inRoot $"runs/{folder}") then
                Directory.Delete(inRoot $"runs/{folder}", true)
    | [ "--keep" ] -> ()
    | _ ->
        printfn "%s" help
        exit 2

    let made = List.map made tables

    for table in made do
        put (string table["page"]) (string table["name"]) [ for line in table["lines"].AsArray() -> string line ]

    run "dotnet" "fsi scripts/gallery.fsx"
    run "dotnet" $"""fsi tools/notebooks.fsx save {String.concat " " notebooks}"""
    let byHand = [ for each in recorded["pictures"].AsObject() -> each.Key ]

    let pictures = [
        for path in Directory.GetFiles(inRoot "docs/images") |> Array.sort do
            let name = Path.GetFileName path

            if not (List.contains name byHand) then
                name, hash (File.ReadAllBytes path)
    ]

    let json =
        JsonSerializer.Serialize(
            {|
                command = "dotnet fsi tools/numbers.fsx"
                processor = Machine.Here.Processor
                vectorWidth = width
                version = Machine.Version
                commit = Machine.Commit
                tables = made
                pictures = dict pictures
                recorded = recorded
            |},
            JsonSerializerOptions(WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)
        )

    // A list of numbers is one line.
    let short =
        Regex.Replace(json, @"\[[\s\d.,eE+-]+\]", fun found -> Regex.Replace(found.Value, @"\s+", " "))

    File.WriteAllText(file, short + "\n")
    printfn "%s" file
with error ->
    eprintfn "numbers: %s" error.Message
    exit 1
