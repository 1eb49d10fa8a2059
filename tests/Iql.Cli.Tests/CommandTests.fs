module Iql.Cli.Tests.CommandTests

open System
open System.IO
open Expecto
open Iql.Scripts
open Iql.Cli

/// The words of a command line, between blanks.
let words (line: string) : string list = List.ofArray (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))

/// Runs a command line in this process: exit code, standard output, standard error.
let iql (line: string) : int * string * string =
    let out, errorBefore = Console.Out, Console.Error
    use capturedOut = new StringWriter()
    use capturedError = new StringWriter()
    Console.SetOut capturedOut
    Console.SetError capturedError

    try
        let code = Program.main (Array.ofList (words line))

        // The warning about a busy machine is for users, not for tests.
        let error =
            capturedError.ToString().Split '\n'
            |> Array.filter (fun line -> not (line.StartsWith "note: the machine is oversubscribed"))
            |> String.concat "\n"

        code, capturedOut.ToString(), error
    finally
        Console.SetOut out
        Console.SetError errorBefore

/// The command line succeeds: its standard output.
let succeeds (line: string) : string =
    let code, output, error = iql line
    Expect.equal code 0 error
    output

/// The command line succeeds.
let run (line: string) : unit = succeeds line |> ignore

/// The command line succeeds, without a word on standard error: its standard output.
let succeedsQuietly (line: string) : string =
    let code, output, error = iql line
    Expect.equal error "" "error"
    Expect.equal code 0 "code"
    output

/// The request is refused: exit code 2, one line that holds all of the words, no stack trace.
let refuses (line: string) (expected: string list) : unit =
    let code, _, error = iql line
    Expect.equal code 2 "code"
    Expect.hasLength (error.TrimEnd().Split '\n') 1 "error"

    for part in expected do
        Expect.stringContains error part "error"

[<Tests>]
let tests =
    testSequenced
    <| testList "CommandTests" [
        testCase "every command's help names every option and exits 0" (fun () ->
            for command in Program.commands do
                let page = succeeds $"{command.Name} --help"
                Expect.stringStarts page $"iql {command.Name}: " "page"

                for option in command.Options do
                    Expect.stringContains page option "page")

        testCase "the overview names every command" (fun () ->
            let page = succeeds ""

            for command in Program.commands do
                Expect.stringContains page command.Name "page"
                Expect.stringContains page command.Purpose "page")

        testCase "no line of help is wider than a terminal of 100 columns" (fun () ->
            for command in Program.commands do
                for line in command.Help().Split '\n' do
                    Expect.isLessThanOrEqual line.Length 100 line)

        testCase "help about a command is that command's help" (fun () ->
            let _, page, _ = iql "help tasks"
            let _, same, _ = iql "tasks --help"
            Expect.equal page same "page")

        testCase "the version is printed" (fun () ->
            let text = succeeds "--version"
            Expect.stringStarts text "iql 0." "text")

        testCase "an unknown command is refused with the nearest one" (fun () ->
            refuses "task" [ "unknown command 'task'"; "Did you mean tasks?" ])

        testCase "half a command is refused with the whole ones" (fun () -> refuses "env" [ "`iql env reference`" ])

        testCase "an unknown option is refused with the nearest one" (fun () ->
            refuses "env reference pointmaze-umaze-v0 --episode 3" [
                "unknown option --episode"
                "Did you mean --episodes?"
            ])

        testCase "a missing argument, a missing value, a value twice and a word too many are refused" (fun () ->
            refuses "env reference" [ "expected TASK" ]
            refuses "env reference x --seed" [ "--seed: expected a value" ]
            refuses "env reference x --seed 1 --seed=2" [ "--seed: given twice" ]
            refuses "env reference x y" [ "unexpected argument 'y'" ]
            refuses "env reference x --seed 1.5" [ "--seed: expected a whole number of at least 0, got '1.5'" ])

        testCase "values read as they are written" (fun () ->
            Expect.equal (Read.whole 1 "20k") (Ok 20_000) "whole '20k'"
            Expect.equal (Read.whole 1 "1.5M") (Ok 1_500_000) "whole '1.5M'"
            Expect.equal (Read.whole 1 "0") (Error "a whole number of at least 1") "whole '0'"
            Expect.equal (Read.seeds "0-2,7") (Ok [ 0; 1; 2; 7 ]) "seeds '0-2,7'"
            Expect.isError (Read.seeds "0,0") "seeds '0,0'"
            Expect.isError (Read.seeds "3-1") "seeds '3-1'"
            Expect.equal (Read.sizes "256x64") (Ok [ 256; 64 ]) "sizes '256x64'"
            Expect.equal (Read.between 0 1 "1") (Error "a number in (0, 1)") "between '1'"
            Expect.equal (Read.between 0 1 "NaN") (Error "a number in (0, 1)") "between 'NaN'"
            Expect.equal (Read.listOf (Read.between 0 1) "0.5, 0.7") (Ok [ 0.5; 0.7 ]) "list of '0.5, 0.7'"

            Expect.equal
                (Read.listOf (Read.between 0 1) "0.5,0.50")
                (Error "each value once, not both 0.5 and 0.50")
                "list")

        testCase "edits between words count inserting, dropping, replacing and swapping" (fun () ->
            Expect.equal (Spelling.distance "seed" "seed") 0 "distance 'seed'"
            Expect.equal (Spelling.distance "seed" "seeds") 1 "distance 'seed'"
            Expect.equal (Spelling.distance "tasks" "tsaks") 1 "distance 'tasks'"
            Expect.equal (Spelling.distance "" "abc") 3 "distance 'abc'")
    ]
