/// The code of README and docs: F# is type-checked in F# Interactive, page by page; command lines are read.
module Iql.Cli.Tests.DocsCodeTests

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions
open Expecto
open Iql.Scripts
open Iql.Cli
open Iql.Cli.Tests.Trainings

let root =
    AppContext.BaseDirectory
    |> Seq.unfold (fun folder -> if isNull folder then None else Some(folder, Path.GetDirectoryName folder))
    |> Seq.find (fun folder -> File.Exists(Path.Combine(folder, "Iql.sln")))

/// README and every page of docs, with its text.
let private pages = [
    for path in
        [
            Path.Combine(root, "README.md")
            yield! Directory.GetFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories) |> Array.sort
        ] -> Path.GetRelativePath(root, path), File.ReadAllText(path).ReplaceLineEndings "\n"
]

/// The fenced blocks of a page: language and text.
let private blocks (text: string) : (string * string) list = [
    for block in Regex.Matches(text, @"(?ms)^```(\w*)\n(.*?)^```") -> block.Groups[1].Value, block.Groups[2].Value
]

/// The words of a command line. Two blanks begin its comment; $(…) is a word.
let private wordsOf (line: string) : string list =
    let line = Regex.Replace(line, @"\\\n\s*", "")
    let line = Regex.Replace(line, @"\$\([^)]*\)", "x")
    let line = Regex.Replace(line.Trim(), @" {2,}.*$", "")
    [ for word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries) -> word.Trim('"', '\'') ]

/// Reads a command line, without running it: what is wrong with it, if anything.
let private problem (line: string) : string option =
    match wordsOf line with
    | "iql" :: words ->
        let isCalled (command: Command) =
            let name = List.ofArray (command.Name.Split ' ')
            List.truncate name.Length words = name

        match List.tryFind isCalled Program.commands with
        | _ when List.exists (fun (word: string) -> word = "--help" || word = "--version") words -> None
        | None -> Some "no such command"
        | Some command ->
            match Attempt.run (fun () -> command.Check(List.skip (command.Name.Split(' ').Length) words)) with
            | Error message when not (message.EndsWith "got nothing.") -> Some message
            | _ -> None
    | _ -> None

[<Tests>]
let tests =
    testList "DocsCodeTests" [
        testCase "every command line of README, docs and help is read" (fun () ->
            let lines = [
                for page, text in pages do
                    for line in Regex.Matches(text, @"(?m)^    (iql (?:[^\n]*\\\n)*[^\n]*)$") do
                        page, line.Groups[1].Value

                    for span in Regex.Matches(text, @"(?s)`(iql [^`]*)`") do
                        // These stand for words of the reader's own.
                        if not (span.Groups[1].Value.Contains '…' || span.Groups[1].Value.Contains "COMMAND") then
                            page, Regex.Replace(span.Groups[1].Value, @"\s+", " ")
                for command in Program.commands do
                    for line in command.Examples do
                        command.Name, line
            ]

            let wrong = [
                for place, line in lines do
                    for problem in Option.toList (problem line) do
                        $"{place}: {line}: {problem}"
            ]

            Expect.isGreaterThan lines.Length 100 "lines"
            Expect.isEmpty wrong (String.concat "\n" wrong))

        testCase "every block of README and docs is in a language that is checked" (fun () ->
            for page, text in pages do
                for language, _ in blocks text do
                    Expect.contains [ "fsharp"; "json"; "python"; "" ] language page)

        testCase "the Python of every page compiles" (fun () ->
            needsPython ()

            for page, text in pages do
                for language, code in blocks text do
                    if language = "python" then
                        let info =
                            ProcessStartInfo("python3", [ "-c"; "import ast, sys; ast.parse(sys.argv[1])"; code ])

                        use check = Process.Start(info)
                        check.WaitForExit()
                        Expect.equal check.ExitCode 0 page)

        testSequenced
        <| testCase "the F# of every page compiles, its blocks one after the other" (fun () ->
            use scratch = new Scratch()
            let built = "../src/Iql.Scripts/bin/Release/net10.0/"
            let prelude = File.ReadAllText(Path.Combine(root, "scripts", "prelude.fsx"))
            File.WriteAllText(scratch.Path "prelude.fsx", prelude.Replace(built, AppContext.BaseDirectory))

            let script = [
                "#load \"prelude.fsx\""
                for i, (page, text) in List.indexed pages do
                    match
                        [
                            for language, code in blocks text do
                                if language = "fsharp" then
                                    code
                        ]
                    with
                    | [] -> ()
                    | code ->
                        $"module Page{i} ="
                        $"    // {page}"

                        for line in (String.concat "\n" code).Split '\n' do
                            if not (line.StartsWith "#load") then
                                "    " + line
            ]

            let path = scratch.Path "docs.fsx"
            File.WriteAllLines(path, script)
            let info = ProcessStartInfo("dotnet", [ "fsi"; "--typecheck-only"; "--nologo"; path ])
            info.RedirectStandardOutput <- true
            info.RedirectStandardError <- true
            use check = Process.Start info
            let code, output, error = finished check
            Expect.equal code 0 (output + error))
    ]
