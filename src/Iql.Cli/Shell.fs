namespace Iql.Cli

open Iql.Scripts

open System
open System.IO

/// From the words of a command line to an exit code.
module Shell =

    /// All is done, an error of the program, an error of the request.
    let success, failure, refused = 0, 1, 2

    /// Stopped before all was done.
    let interrupted () : int = Interrupt.code ()

    /// The exit code of a command that only prints.
    let printed () : int =
        match Output.failure () with
        | None -> success
        | Some problem -> Command.refuse $"standard output: expected to write all of it, got: {problem}"

    /// Prints the full path of a file; success.
    let wrote (path: string) : int =
        printfn "%s" (Path.GetFullPath path)
        success

    /// The page of `iql --help`.
    let overview (commands: Command list) : string =
        String.concat "\n" [
            yield "iql: offline reinforcement learning for .NET"
            yield ""
            yield "Usage: iql COMMAND [options]"
            yield ""
            yield "Commands:"
            yield! Command.table [ for command in commands -> command.Name, command.Purpose ]
            yield ""
            yield "Other:"
            yield!
                Command.table [
                    "-h, --help", "Show this page; `iql COMMAND --help` explains one command"
                    "--version", "Show the version"
                ]
            yield ""
            yield "Exit codes:"
            yield!
                Command.table [
                    "0", "All that was asked is done"
                    "1", "An error of the program, or every run diverged"
                    "2", "A request that cannot be met"
                    "130", "Stopped by a signal, or other processes train the rest; the same command continues"
                ]
        ]

    /// The commands whose names begin with a word: `iql data` has several.
    let private family (word: string) (commands: Command list) : Command list =
        commands |> List.filter _.Name.StartsWith(word + " ")

    /// The page of `iql data --help`.
    let private familyPage (word: string) (commands: Command list) : string =
        String.concat "\n" [
            yield $"iql {word}: {commands.Length} commands"
            yield ""
            yield $"Usage: iql {word} COMMAND [options]"
            yield ""
            yield "Commands:"
            yield! Command.table [ for command in commands -> command.Name, command.Purpose ]
            yield ""
            yield $"`iql {commands.Head.Name} --help` explains one command."
        ]

    let private find (commands: Command list) (words: string list) : Command * string list =
        let split (name: string) = name.Split ' ' |> List.ofArray

        let length (command: Command) = (split command.Name).Length

        let named command = List.truncate (length command) words = split command.Name

        match List.tryFind named commands with
        | Some command -> command, List.skip (length command) words
        | None ->
            let first = List.head words

            match family first commands with
            | [] ->
                let names = commands |> List.map _.Name
                let hint = Spelling.didYouMean (names |> List.map (split >> List.head)) first
                Command.refuse $"unknown command '{first}'.{hint} See `iql --help`."
            | family ->
                let asked = String.concat " " (List.truncate 2 words)
                let known = family |> List.map (fun command -> $"`iql {command.Name}`") |> String.concat ", "
                Command.refuse $"expected one of {known}, got `iql {asked}`."

    let private isHelp (word: string) = word = "--help" || word = "-h"

    /// The help about some words: a command's, a family's, or the overview.
    let private help (commands: Command list) (words: string list) : string =
        match words with
        | [] -> overview commands
        | [ word ]
        | [ word; "help" ] when not (family word commands).IsEmpty -> familyPage word (family word commands)
        | words ->
            let command, rest = find commands words
            command.Help rest

    let private dispatch (commands: Command list) (words: string list) : int =
        match words with
        | [] ->
            printfn "%s" (overview commands)
            printed ()
        | [ "--version" ] ->
            printfn "iql %s" Version.text
            printed ()
        | words when words.Head = "help" || List.exists isHelp words ->
            let words = if words.Head = "help" then words.Tail else words
            printfn "%s" (help commands (List.filter (isHelp >> not) words))
            printed ()
        | words ->
            let command, arguments = find commands words
            command.Run arguments

    /// Runs a command line. Every failure is one message on standard error; IQL_DEBUG=1 adds the stack trace.
    let run (commands: Command list) (words: string seq) : int =
        Output.protect ()

        try
            Interrupt.during (fun () -> dispatch commands (List.ofSeq words))
        with error ->
            let code, lines =
                match error, Attempt.expected error with
                | :? OperationCanceledException, _ -> interrupted (), []
                | _, Some message -> refused, [ $"iql: {Hints.withOption message}" ]
                | _, None ->
                    failure,
                    [
                        $"iql: internal error: {error.Message} ({error.GetType().Name})"
                        "Set IQL_DEBUG=1 for the stack trace. Saved files are kept."
                    ]

            lines |> List.iter (eprintfn "%s")

            if code <> interrupted () && Environment.GetEnvironmentVariable "IQL_DEBUG" = "1" then
                eprintfn "%O" error

            code
