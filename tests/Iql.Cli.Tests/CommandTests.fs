[<Xunit.Collection "console">]
module Iql.Cli.Tests.CommandTests

open System
open System.IO
open Xunit
open Iql.Scripts
open Iql.Cli

/// These tests take the console for themselves, so nothing else may run beside them.
[<CollectionDefinition("console", DisableParallelization = true)>]
type ConsoleCollection() = class end

/// The words of a command line, between blanks.
let words (line: string) : string list =
    List.ofArray (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))

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
    Assert.True((code = 0), error)
    output

/// The command line succeeds.
let run (line: string) : unit = succeeds line |> ignore

/// The command line succeeds, without a word on standard error: its standard output.
let succeedsQuietly (line: string) : string =
    let code, output, error = iql line
    Assert.Equal("", error)
    Assert.Equal(0, code)
    output

/// The request is refused: exit code 2, one line that holds all of the words, no stack trace.
let refuses (line: string) (expected: string list) : unit =
    let code, _, error = iql line
    Assert.Equal(2, code)
    Assert.Single(error.TrimEnd().Split '\n') |> ignore

    for part in expected do
        Assert.Contains(part, error)

[<Fact>]
let ``every command's help names every option and exits 0`` () =
    for command in Program.commands do
        let page = succeeds $"{command.Name} --help"
        Assert.StartsWith($"iql {command.Name}: ", page)

        for option in command.Options do
            Assert.Contains(option, page)

[<Fact>]
let ``the overview names every command`` () =
    let page = succeeds ""

    for command in Program.commands do
        Assert.Contains(command.Name, page)
        Assert.Contains(command.Purpose, page)

[<Fact>]
let ``no line of help is wider than a terminal of 100 columns`` () =
    for command in Program.commands do
        for line in command.Help().Split '\n' do
            Assert.True(line.Length <= 100, line)

[<Fact>]
let ``help about a command is that command's help`` () =
    let _, page, _ = iql "help tasks"
    let _, same, _ = iql "tasks --help"
    Assert.Equal(same, page)

[<Fact>]
let ``the version is printed`` () =
    let text = succeeds "--version"
    Assert.StartsWith("iql 0.", text)

[<Fact>]
let ``an unknown command is refused with the nearest one`` () =
    refuses "task" [ "unknown command 'task'"; "Did you mean tasks?" ]

[<Fact>]
let ``half a command is refused with the whole ones`` () = refuses "env" [ "`iql env reference`" ]

[<Fact>]
let ``an unknown option is refused with the nearest one`` () =
    refuses "env reference pointmaze-umaze-v0 --episode 3" [ "unknown option --episode"; "Did you mean --episodes?" ]

[<Fact>]
let ``a missing argument, a missing value, a value twice and a word too many are refused`` () =
    refuses "env reference" [ "expected TASK" ]
    refuses "env reference x --seed" [ "--seed: expected a value" ]
    refuses "env reference x --seed 1 --seed=2" [ "--seed: given twice" ]
    refuses "env reference x y" [ "unexpected argument 'y'" ]
    refuses "env reference x --seed 1.5" [ "--seed: expected a whole number of at least 0, got '1.5'" ]

[<Fact>]
let ``values read as they are written`` () =
    Assert.Equal(Ok 20_000, Read.whole 1 "20k")
    Assert.Equal(Ok 1_500_000, Read.whole 1 "1.5M")
    Assert.Equal(Error "a whole number of at least 1", Read.whole 1 "0")
    Assert.Equal(Ok [ 0; 1; 2; 7 ], Read.seeds "0-2,7")
    Assert.True(Result.isError (Read.seeds "0,0"))
    Assert.True(Result.isError (Read.seeds "3-1"))
    Assert.Equal(Ok [ 256; 64 ], Read.sizes "256x64")
    Assert.Equal(Error "a number in (0, 1)", Read.between 0 1 "1")
    Assert.Equal(Error "a number in (0, 1)", Read.between 0 1 "NaN")
    Assert.Equal(Ok [ 0.5; 0.7 ], Read.listOf (Read.between 0 1) "0.5, 0.7")
    Assert.Equal(Error "each value once", Read.listOf (Read.between 0 1) "0.5,0.50")

[<Fact>]
let ``edits between words count inserting, dropping, replacing and swapping`` () =
    Assert.Equal(0, Spelling.distance "seed" "seed")
    Assert.Equal(1, Spelling.distance "seed" "seeds")
    Assert.Equal(1, Spelling.distance "tasks" "tsaks")
    Assert.Equal(3, Spelling.distance "" "abc")
