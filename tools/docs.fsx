// Runs a page of docs as a reader would, in an empty folder: indented command lines, F# blocks as scripts, and JSON
// blocks as the file that the words before them name. `iql serve` goes on until the page ends.
//
//     dotnet build -c Release
//     dotnet fsi tools/docs.fsx docs/own-data.md
//     dotnet fsi tools/docs.fsx docs/own-data.md FOLDER      keeps what the page made
open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
let page = File.ReadAllText(Path.GetFullPath fsi.CommandLineArgs[1]).ReplaceLineEndings "\n"

let folder =
    match Array.tryItem 2 fsi.CommandLineArgs with
    | Some folder -> Directory.CreateDirectory(folder).FullName
    | None -> Directory.CreateTempSubdirectory("iql-docs").FullName

let programs = "iql|dotnet|curl|head|python3"

/// What a reader types, in the order of the page.
let steps = [
    let pattern =
        $@"(?ms)^    (?<line>(?:{programs}) (?:[^\n]*\\\n)*[^\n]*)$|"
        + @"`(?<file>[\w-]+\.json)`[^`]*^```json\n(?<json>.*?)^```|^```fsharp\n(?<fsharp>.*?)^```"

    for found in Regex.Matches(page, pattern) do
        let group (name: string) = found.Groups[name].Value

        let written file block = $"cat >{file} <<'END'\n{group block}END"

        match group "line", group "file" with
        | "", "" -> written "page.fsx" "fsharp" + "\ndotnet fsi page.fsx"
        | "", file -> written file "json"
        // Two blanks begin a comment.
        | line, _ -> Regex.Replace(line, @"(?m) {2,}[^\s\\][^\\\n]*$", "")
]

// The reader stands in the repository; here it is another folder with the same scripts.
for name in [ "scripts"; "src" ] do
    File.CreateSymbolicLink(Path.Combine(folder, name), Path.Combine(root, name)) |> ignore

let script = [
    "set -euo pipefail"
    "mkdir tools"
    "printf '#!/bin/bash\\nexec dotnet src/Iql.Cli/bin/Release/net10.0/iql.dll \"$@\"' >tools/iql"
    "chmod +x tools/iql"
    "PATH=$PWD/tools:$PATH"
    "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"
    for step in steps do
        if step.StartsWith "iql serve" then
            $"{step} &"
            "for i in $(seq 100); do curl -sf http://127.0.0.1:8080/health && break; sleep 0.2; done"
        else
            $"echo '$ {step.Split('\n')[0]}'"
            step
]

let path = Path.Combine(folder, "page.sh")
File.WriteAllLines(path, script)
let start = ProcessStartInfo("bash", [ path ], WorkingDirectory = folder)
let bash = Process.Start start
bash.WaitForExit()

if fsi.CommandLineArgs.Length < 3 then
    Directory.Delete(folder, true)

printfn "%s: %d steps, exit code %d" fsi.CommandLineArgs[1] steps.Length bash.ExitCode
exit (if steps.IsEmpty then 1 else bash.ExitCode)
