module Iql.Cli.Tests.CommandTests

open System
open System.IO
open Expecto
open Iql.Tests
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
                let page = succeeds $"{command.Name} --help all"
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
                for words in [ []; [ "all" ]; [ "--algorithm"; "cql" ] ] do
                    for line in (command.Help words).Split '\n' do
                        Expect.isLessThanOrEqual line.Length 100 line)

        testCase "training commands show common options first, and those of an algorithm when asked" (fun () ->
            for command in [ "train"; "ablate"; "compare" ] do
                let page = succeeds $"{command} --help"
                Expect.isLessThan (page.Split('\n').Length) 70 $"lines of {command}"

                for part in [ "--task"; "--steps"; "--seed"; "--output"; $"iql {command} --help all" ] do
                    Expect.stringContains page part command

                Expect.stringLacks page "--target-return" command

                for line in [ "--help --algorithm dt"; "--algorithm dt --help"; "-a=dt -h" ] do
                    let own = succeeds $"{command} {line}"
                    Expect.stringContains own "--target-return" line
                    Expect.stringLacks own "TAU" line

                Expect.stringContains (succeeds $"{command} --help all") "--target-return" command)

        testCase "defaults of the help are those in effect" (fun () ->
            let defaultOf (option: string) (page: string) =
                let rest = page.Substring(page.IndexOf option)
                let rest = rest.Substring(rest.IndexOf "[default:")
                rest.Substring(10, rest.IndexOf ']' - 10)

            Expect.equal (succeeds "ablate --help" |> defaultOf "--hidden") "64x64" "hidden of ablate"
            Expect.equal (succeeds "compare --help" |> defaultOf "--hidden") "64x64" "hidden of compare"
            let antmaze = succeeds "train --help --task antmaze-umaze-v2"
            Expect.equal (defaultOf "--expectile" antmaze) "0.9" "expectile of antmaze"
            Expect.equal (defaultOf "--inverse-temperature" antmaze) "10" "inverse temperature of antmaze"

            // What a run then takes is what the page says.
            let maze = succeeds "train --help --algorithm iql"

            let taken, _ =
                Training.trial
                    (fun config -> { Trial.standard with Config = config; Steps = 20_000; EvaluateEvery = 0 })
                    Request.empty

            for each in (Trial.algorithm taken).Hyperparameters do
                if not each.SetByRun then
                    Expect.equal
                        (defaultOf (Request.optionName each + " ") maze)
                        (Hyperparameter.show each.Name taken)
                        each.Name)

        testCase "a line that cannot be read still shows help, and says what is wrong" (fun () ->
            let page = succeeds "train --algorithm nope --help"
            Expect.stringContains page "Not read: --algorithm: expected one of" "page"
            Expect.stringStarts page "iql train: " "page")

        testCase "help about a group of commands lists them" (fun () ->
            for line in [ "data --help"; "data -h"; "help data"; "data help --help"; "--help data" ] do
                let page = succeeds line

                for command in Program.commands do
                    if command.Name.StartsWith "data " then
                        Expect.stringContains page command.Name line

            Expect.stringContains (succeeds "env --help") "env reference" "page")

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
            Expect.equal (Iql.EditDistance.Of("seed", "seed")) 0 "distance 'seed'"
            Expect.equal (Iql.EditDistance.Of("seed", "seeds")) 1 "distance 'seed'"
            Expect.equal (Iql.EditDistance.Of("tasks", "tsaks")) 1 "distance 'tasks'"
            Expect.equal (Iql.EditDistance.Of("", "abc")) 3 "distance 'abc'")
    ]
