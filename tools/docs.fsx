// Runs the blocks of pages as a reader would, one page after the other, in an empty folder: command lines, F# as
// scripts, JSON and Python as the files that the words before them name. `iql serve` goes on until the end.
//
//     dotnet build -c Release
//     dotnet fsi tools/docs.fsx                              README and all pages, in the order of the contents
//     dotnet fsi tools/docs.fsx docs/own-data.md             one page
//     dotnet fsi tools/docs.fsx docs/own-data.md FOLDER      keeps what the page made
//
// IQL_TINY=1 makes every training short. Comments in a page's source say what its reader has, and what is not run:
//
//     <!-- given: iql data collect pointmaze-umaze-v0 --size 3000 -o mine.npz -->
//     <!-- not run: D4RL's files need a network -->          the next block
//     <!-- not run, iql train --data own.npz: … -->          the lines of the next block that begin so
#r "../src/Iql.Cli/bin/Release/net10.0/Iql.Core.dll"
#r "../src/Iql.Cli/bin/Release/net10.0/Iql.Scripts.dll"
#r "../src/Iql.Cli/bin/Release/net10.0/iql.dll"

open System
open System.Diagnostics
open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open Iql.Cli

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
let tiny = Environment.GetEnvironmentVariable "IQL_TINY" = "1"

/// Where a script begins: it loads the repository's prelude by its full path.
let prelude = Path.Combine(root, "scripts", "prelude.fsx")

let pages =
    match Array.tryItem 1 fsi.CommandLineArgs with
    | Some page -> [ Path.GetRelativePath(root, Path.GetFullPath page).Replace('\\', '/') ]
    | None ->
        "README.md"
        :: [
            let contents = File.ReadAllText(Path.Combine(root, "docs", "README.md"))

            for link in Regex.Matches(contents, @"\]\(((?!\.\.)[\w./-]+\.md)") -> "docs/" + link.Groups[1].Value
        ]
        |> List.distinct

/// What a page asks for.
type Step =
    /// A command line of `iql`.
    | Iql of string
    | Shell of string
    | Write of file: string * text: string
    | FSharp of string
    | Json of string
    /// What another page, run before, has left in its folder.
    | Page of string

let step (line: string) : Step =
    // Two blanks begin a comment.
    let line = Regex.Replace(line, @"\\\n\s*", "")
    let line = Regex.Replace(line, @"(?m) {2,}[^\s\\][^\\\n]*$", "").Trim()

    if line.EndsWith ".md" then Page line
    elif Regex.IsMatch(line, @"^(\w+=\S+ )*iql (?!serve)") then Iql line
    else Shell line

let programs = "iql|Iql.Bench|dotnet|curl|head|python3|apt-get|eng/docs/run"

/// The command lines of an indented block. Other lines are output, equations or pictures.
let commands (block: string) : string list = [
    for found in Regex.Matches(block, $@"(?m)^ *((?:\w+=\S* )*(?:{programs}) (?:[^\n]*\\\n)*[^\n]*)$") ->
        found.Groups[1].Value
]

/// The steps of a page in its order, and what its marks leave out.
let steps (page: string) : Step list * string list =
    let text = File.ReadAllText(Path.Combine(root, page)).ReplaceLineEndings "\n"

    let pattern =
        @"(?ms)<!-- given: (?<given>.*?) -->"
        + @"|<!-- not run(?:, (?<begin>[^:]*))?: (?<reason>.*?) -->"
        + @"|(?<fence>^```(?<language>\w*)\n(?<code>.*?)^```$)"
        + @"|(?<=\n\n)(?<indented>(?: {4,}[^\n]*\n(?:\n+(?= {4}))?)+)"

    let mutable marks: (string * string) list = []
    let mutable last = 0

    let found = [
        for each in Regex.Matches(text, pattern) do
            let group (name: string) = each.Groups[name].Value
            let before = text.Substring(last, each.Index - last)
            last <- each.Index + each.Length

            if group "given" <> "" then
                Choice1Of2(step (group "given"))
            elif group "reason" <> "" then
                marks <- (group "begin", group "reason") :: marks
            else
                let leftOut (line: string) =
                    marks |> List.tryFind (fun (begins, _) -> line.StartsWith begins) |> Option.map snd

                let file = Regex.Match(before, @"`([\w-]+\.(?:json|py))`[^`]*$").Groups[1].Value

                let blocks =
                    match group "language" with
                    | "" when group "fence" = "" -> [ for line in commands (group "indented") -> (line, step line) ]
                    | "fsharp" -> [ ("", FSharp(group "code")) ]
                    | "json"
                    | "python" when file <> "" -> [ ("", Write(file, group "code")) ]
                    | "json" -> [ ("", Json(group "code")) ]
                    // DocsCodeTests compiles Python.
                    | _ -> []

                for line, step in blocks do
                    match leftOut line with
                    | Some reason -> Choice2Of2 $"{page}: {line.Split('\n')[0]}: not run: {reason}"
                    | None -> Choice1Of2 step

                if blocks.IsEmpty && not marks.IsEmpty && group "language" = "" then
                    Choice2Of2 $"{page}: a mark before a block without commands"

                marks <- []
    ]

    List.choose
        (function
        | Choice1Of2 step -> Some step
        | _ -> None)
        found,
    List.choose
        (function
        | Choice2Of2 line -> Some line
        | _ -> None)
        found

/// A training of a second: what its options are, where it takes them.
let short (line: string) : string =
    let sizes = [
        [ "--steps" ], "40"
        [ "--online-steps" ], "200"
        [ "--evaluate-every" ], "20"
        [ "--episodes" ], "2"
        [ "--hidden"; "--hidden-sizes" ], "8x8"
        [ "--critic-hidden-sizes" ], "8x8"
        [ "--policy-hidden-sizes" ], "8x8"
        [ "--batch"; "--batch-size" ], "16"
        [ "--transitions" ], "2000"
        [ "--size" ], "2000"
        [ "--seeds" ], "0"
        [ "--last" ], "2"
    ]

    // What a command takes without being asked; the other options are only made smaller.
    let always =
        match Regex.Match(line, @"iql (data collect|\w+)").Groups[1].Value with
        | "data collect" -> [ "--size" ]
        | "train" -> [ "--steps"; "--evaluate-every"; "--episodes"; "--hidden"; "--batch" ]
        | "finetune" -> [
            "--steps"
            "--online-steps"
            "--evaluate-every"
            "--episodes"
            "--hidden"
            "--batch"
            "--seeds"
          ]
        | "ablate"
        | "compare" -> [ "--steps"; "--evaluate-every"; "--episodes"; "--hidden"; "--batch"; "--seeds" ]
        | "evaluate" -> [ "--steps" ]
        | _ -> []

    let always = if line.Contains " --finetune" then "--online-steps" :: always else always
    let always = if line.Contains " --published" then [] else always

    (line, sizes)
    ||> List.fold (fun line (names, value) ->
        let names' = String.concat "|" names
        let option = $@" ({names'}) \S+"

        if Regex.IsMatch(line, option) then Regex.Replace(line, option, $" $1 {value}")
        elif List.contains names.Head always then $"{line} {names.Head} {value}"
        else line)

/// The words of a command line, without its quotes.
let words (line: string) : string[] = [|
    for word in Regex.Matches(line, @"'([^']*)'|""([^""]*)""|\S+") -> word.Value.Trim('"', '\'')
|]

let folder =
    match Array.tryItem 2 fsi.CommandLineArgs with
    | Some folder -> Directory.CreateDirectory(folder).FullName
    | None -> Directory.CreateTempSubdirectory("iql-docs").FullName

/// A page has a folder of its own. The reader stands in the repository; here are the same scripts.
let placeOf (page: string) : string =
    let place = Path.Combine(folder, Path.ChangeExtension(page, null))

    if not (Directory.Exists place) then
        Directory.CreateDirectory place |> ignore

        for name in [ "scripts"; "src" ] do
            File.CreateSymbolicLink(Path.Combine(place, name), Path.Combine(root, name)) |> ignore

    place

let programsFolder = Directory.CreateDirectory(Path.Combine(folder, "programs")).FullName
let dll = Path.Combine(root, "src", "Iql.Cli", "bin", "Release", "net10.0", "iql.dll")
File.WriteAllText(Path.Combine(programsFolder, "iql"), $"#!/bin/bash\nexec dotnet {dll} \"$@\"\n")

File.SetUnixFileMode(
    Path.Combine(programsFolder, "iql"),
    UnixFileMode.UserRead ||| UnixFileMode.UserWrite ||| UnixFileMode.UserExecute
)

Environment.SetEnvironmentVariable("PATH", programsFolder + ":" + Environment.GetEnvironmentVariable "PATH")
let bash (line: string) : Process = Process.Start(ProcessStartInfo("bash", [ "-euo"; "pipefail"; "-c"; line ]))

let servers = Collections.Generic.List<Process>()

/// Runs a step: its exit code.
let run (step: Step) : int =
    match step with
    | Iql line when not (line.StartsWith "iql ") || Regex.IsMatch(line, @"\$|[|;<>&]") ->
        use shell = bash (if tiny then short line else line)
        shell.WaitForExit()
        shell.ExitCode
    | Iql line -> Program.main (Array.tail (words (if tiny then short line else line)))
    | Shell line when line.StartsWith "iql serve" ->
        servers.Add(bash $"exec {line}")

        use ready =
            bash "for i in $(seq 100); do curl -sf http://127.0.0.1:8080/health && break; sleep 0.2; done"

        ready.WaitForExit()
        ready.ExitCode
    | Shell line ->
        use shell = bash line
        shell.WaitForExit()
        shell.ExitCode
    | Write(file, text) ->
        File.WriteAllText(file, text)
        0
    | Json text ->
        use _ = JsonDocument.Parse text
        0
    | Page page when List.contains page pages ->
        use shell = bash $"find {placeOf page} -mindepth 1 -maxdepth 1 ! -type l -exec cp -r -t . {{}} +"
        shell.WaitForExit()
        shell.ExitCode
    | Page page ->
        printfn "given %s, which is run before: run all pages" page
        1
    | FSharp _ -> 0

/// All F# of the pages as one script, a module a page, because F# Interactive takes seconds to start.
let script (blocks: (string * string list) list) : string list = [
    $"#load \"{prelude}\""
    for i, (page, blocks) in List.indexed blocks do
        $"module Page{i} ="
        $"    System.Environment.CurrentDirectory <- \"{placeOf page}\""
        $"    printfn \"{page}\""

        for line in (String.concat "\n" blocks).Split '\n' do
            if not (line.StartsWith "#load") then
                "    " + line
]

let clock = Stopwatch.StartNew()

let wrong = [
    for page in pages do
        let asked, leftOut = steps page

        for line in leftOut do
            printfn "%s" line

            if line.Contains ": a mark before" then
                line

        Environment.CurrentDirectory <- placeOf page

        for step in asked do
            let begun = clock.Elapsed
            printfn "%s $ %A" page step
            let code = run step

            if code <> 0 then
                $"{page}: {step}: exit code {code}"

            let seconds = (clock.Elapsed - begun).TotalSeconds

            if seconds > 3.0 then
                printfn "  (%.1f seconds)" seconds

        for server in servers do
            server.Kill true
            server.WaitForExit()

        servers.Clear()
]

let fsharp = [
    for page in pages do
        match
            fst (steps page)
            |> List.choose (function
                | FSharp code -> Some code
                | _ -> None)
        with
        | [] -> ()
        | blocks -> page, blocks
]

let scriptWrong =
    if fsharp.IsEmpty then
        []
    else
        let path = Path.Combine(folder, "pages.fsx")
        File.WriteAllLines(path, script fsharp)
        use shell = bash $"dotnet fsi --nologo {path}"
        shell.WaitForExit()
        if shell.ExitCode = 0 then [] else [ $"pages.fsx: exit code {shell.ExitCode}" ]

let counted = pages |> List.sumBy (steps >> fst >> List.length)

if fsi.CommandLineArgs.Length < 3 then
    Environment.CurrentDirectory <- root
    Directory.Delete(folder, true)

printfn "%d pages, %d steps, %.0f seconds" pages.Length counted clock.Elapsed.TotalSeconds

for line in wrong @ scriptWrong do
    printfn "FAILED: %s" line

exit (if wrong.IsEmpty && scriptWrong.IsEmpty && counted > 0 then 0 else 1)
