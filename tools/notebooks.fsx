// The kernel of notebooks, a run of all cells, and outputs to commit.
open System
open System.ComponentModel
open System.Diagnostics
open System.IO
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Json.Nodes
open System.Text.RegularExpressions

let help =
    """Notebooks of Iql. Build Iql first: dotnet build -c Release

  dotnet fsi tools/notebooks.fsx install [--prefix FOLDER]
      Registers the Jupyter kernel "F# (Iql)", for you or below a folder. Needs jupyter and NuGet packages.
  dotnet fsi tools/notebooks.fsx run NOTEBOOK...
      Runs all cells in this kernel and writes nothing, a notebook on each core. IQL_TINY=1 makes it short.
  dotnet fsi tools/notebooks.fsx save NOTEBOOK...
      Runs all cells, then stores the outputs in the notebook, each chart as a picture. Needs Chromium."""

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))

/// Runs a program and returns what it prints; a failure ends with the last line of its errors and the hint.
let start (hint: string) (program: string) (words: string list) : string =
    let info = ProcessStartInfo(program, words, RedirectStandardOutput = true, RedirectStandardError = true)

    try
        use running = Process.Start info
        let errors = running.StandardError.ReadToEndAsync()
        let text = running.StandardOutput.ReadToEnd()
        running.WaitForExit()

        if running.ExitCode <> 0 then
            let last = errors.Result.Trim().Split '\n' |> Array.last
            failwith $"{program} {words.Head} failed: {last}\n{hint}"

        text
    with :? Win32Exception ->
        failwith $"{program}: expected this program on the PATH, found none.\n{hint}"

let jupyter (hint: string) =
    start
        $"{hint}Debian has jupyter in jupyter-client and jupyter-nbconvert; elsewhere: pip install nbconvert"
        "jupyter"

/// A new folder that is removed after its use.
let inScratch (use': string -> 'T) : 'T =
    let folder = Directory.CreateTempSubdirectory "iql-notebooks"

    try
        use' folder.FullName
    finally
        folder.Delete true

/// The kernel is a copy of .NET Interactive. Its own FSharp.Core is too old for Iql, so it gets the one that Iql has.
let install (place: string list) : unit =
    let core = Path.Combine(root, "src", "Iql.Scripts", "bin", "Release", "net10.0", "FSharp.Core.dll")

    if not (File.Exists core) then
        failwith $"{core}: expected a build of Iql, found none. Build first: dotnet build -c Release"

    let manifest = Path.Combine(root, "eng", "notebooks", "dotnet-tools.json")
    let tool = "microsoft.dotnet-interactive"
    let dotnet = start "Are your NuGet package sources reachable?" "dotnet"
    dotnet [ "tool"; "restore"; "--tool-manifest"; manifest ] |> ignore

    let packages = (dotnet [ "nuget"; "locals"; "global-packages"; "--list" ]).Split(": ", 2)[1]

    let version =
        let tools = JsonNode.Parse(File.ReadAllText manifest)
        string tools["tools"].[tool].["version"]

    let source = Path.Combine(packages.Trim(), tool, version, "tools", "net10.0", "any")

    inScratch (fun folder ->
        for file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories) do
            let copy = Path.Combine(folder, "kernel", Path.GetRelativePath(source, file))
            Directory.CreateDirectory(Path.GetDirectoryName copy) |> ignore
            File.Copy(file, copy)

        File.Copy(core, Path.Combine(folder, "kernel", "FSharp.Core.dll"), true)

        File.WriteAllText(
            Path.Combine(folder, "kernel.json"),
            """{
  "argv": ["dotnet", "{resource_dir}/kernel/Microsoft.DotNet.Interactive.App.dll",
           "jupyter", "--default-kernel", "fsharp", "--http-local-only", "{connection_file}"],
  "display_name": "F# (Iql)",
  "language": "F#",
  "env": { "DOTNET_INTERACTIVE_CLI_TELEMETRY_OPTOUT": "1", "DOTNET_INTERACTIVE_SKIP_FIRST_TIME_EXPERIENCE": "1",
           "Logging__LogLevel__Default": "Warning" }
}
"""
        )

        jupyter "" ([ "kernelspec"; "install"; folder; "--name"; "iql-fsharp" ] @ place) |> ignore)

    printfn "Registered the kernel F# (Iql), for Jupyter iql-fsharp."

let rec text (node: JsonNode) : string =
    match node with
    | :? JsonArray as lines -> String.concat "" (Seq.map text lines)
    | node -> string node

let outputs (cell: JsonNode) : JsonNode list =
    match cell["outputs"] with
    | :? JsonArray as outputs -> List.ofSeq outputs
    | _ -> []

/// What a cell says of its failure, without the lines of the stack.
let failure (cell: JsonNode) : string option =
    if outputs cell |> List.exists (fun output -> text output["output_type"] = "error") then
        [
            for output in outputs cell do
                yield! (text output["text"] + text output["evalue"]).Split '\n'
        ]
        |> List.filter (fun line -> line <> "" && not (line.StartsWith "   at "))
        |> String.concat "\n"
        |> Some
    else
        None

/// The notebook with the outputs that its cells give in the kernel.
let execute (notebook: string) : JsonNode =
    if not (File.Exists notebook) then
        failwith $"{notebook}: expected a notebook, found no such file."

    inScratch (fun folder ->
        jupyter "A missing kernel comes by `dotnet fsi tools/notebooks.fsx install`. " [
            "nbconvert"
            "--to=notebook"
            "--execute"
            "--allow-errors"
            "--log-level=ERROR"
            "--ExecutePreprocessor.kernel_name=iql-fsharp"
            "--ExecutePreprocessor.startup_timeout=300"
            "--ExecutePreprocessor.record_timing=False"
            $"--output-dir={folder}"
            "--output=executed.ipynb"
            notebook
        ]
        |> ignore

        let executed = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "executed.ipynb")))

        for i, cell in Seq.indexed (executed["cells"].AsArray()) do
            failure cell |> Option.iter (fun text -> failwith $"{notebook}: cell {i + 1} failed.\n{text}")

        printfn "%s: all cells ran." notebook
        executed)

/// Runs a notebook and stores what it shows, without scripts: GitHub strips them, and the kernel's own script names
/// addresses of this machine. Lines of progress differ from run to run, and go too.
let save (notebook: string) : unit =
    // notebooks/notebook.fsx then shows charts as pictures.
    Environment.SetEnvironmentVariable("IQL_STILLS", "1")
    let executed = execute notebook

    for cell in executed["cells"].AsArray() do
        for output in outputs cell do
            if text output["output_type"] = "stream" then
                output["text"] <- Regex.Replace(text output["text"], @"(?m)^ *\d+ %, \d+ of \d+ runs done\n", "")

            if text output["output_type"] = "stream" && text output["text"] = "" then
                cell["outputs"].AsArray().Remove output |> ignore

            if not (isNull output["data"]) && (text output["data"].["text/html"]).Contains "<script" then
                cell["outputs"].AsArray().Remove output |> ignore

    let options =
        JsonSerializerOptions(
            WriteIndented = true,
            IndentSize = 1,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
        )

    File.WriteAllText(notebook, executed.ToJsonString options + "\n")

try
    match List.tail (List.ofArray fsi.CommandLineArgs) with
    | [ "install" ] -> install [ "--user" ]
    | [ "install"; "--prefix"; folder ] -> install [ "--prefix"; Path.GetFullPath folder ]
    | "run" :: (_ :: _ as notebooks) ->
        // One after the other: two kernels that start at once may take the same port, and one dies.
        let failures =
            notebooks
            |> List.choose (fun notebook ->
                try
                    execute notebook |> ignore
                    None
                with error ->
                    Some error.Message)

        if not failures.IsEmpty then
            failures |> String.concat "\n" |> failwith
    | "save" :: (_ :: _ as notebooks) -> List.iter save notebooks
    | []
    | [ "--help" ] -> printfn "%s" help
    | words -> failwith $"expected install, run or save, got `{String.concat (string ' ') words}`.\n\n{help}"
with error ->
    eprintfn "notebooks: %s" error.Message
    exit 1
