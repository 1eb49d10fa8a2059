namespace Iql.Cli

open Iql.Scripts

open System
open System.IO

/// From the words of a command line to an exit code.
module Shell =

    /// Done, an error of ours, an error of the request, interrupted (128 + SIGINT).
    let success, failure, refused, interrupted = 0, 1, 2, 130

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
            yield "Exit codes: 0 success, 1 an error of the program, 2 a request that cannot be met, 130 interrupted."
        ]

    let private find (commands: Command list) (words: string list) : Command * string list =
        let split (name: string) = name.Split ' ' |> List.ofArray

        let named (command: Command) =
            let name = split command.Name

            if List.truncate name.Length words = name then
                Some(command, List.skip name.Length words)
            else
                None

        match List.tryPick named commands with
        | Some found -> found
        | None ->
            let first = List.head words

            match
                [
                    for command in commands do
                        if command.Name.StartsWith(first + " ") then
                            command.Name
                ]
            with
            | [] ->
                let mend =
                    Spelling.didYouMean [ for command in commands -> List.head (split command.Name) ] first

                raise (Refusal $"unknown command '{first}'.{mend} See `iql --help`.")
            | family ->
                let asked = String.concat " " (List.truncate 2 words)
                let known = family |> List.map (sprintf "`iql %s`") |> String.concat ", "
                raise (Refusal $"expected one of {known}, got `iql {asked}`.")

    let private dispatch (commands: Command list) (words: string list) : int =
        match words with
        | []
        | [ "--help" | "-h" | "help" ] ->
            printfn "%s" (overview commands)
            success
        | [ "--version" ] ->
            printfn "iql %s" Version.text
            success
        | "help" :: rest ->
            printfn "%s" ((find commands rest |> fst).Help())
            success
        | words ->
            let command, arguments = find commands words

            if arguments |> List.exists (fun word -> word = "--help" || word = "-h") then
                printfn "%s" (command.Help())
                success
            else
                command.Run arguments

    /// Runs a command line. Every failure is one message on standard error; IQL_DEBUG=1 adds where it came from.
    let run (commands: Command list) (words: string seq) : int =
        try
            dispatch commands (List.ofSeq words)
        with error ->
            let debug = Environment.GetEnvironmentVariable "IQL_DEBUG" = "1"

            match error, Attempt.mendable error with
            | :? OperationCanceledException, _ -> interrupted
            | _, Some message ->
                eprintfn "iql: %s" message

                if debug then
                    eprintfn "%O" error

                refused
            | _, None ->
                eprintfn "iql: internal error: %s (%s)" error.Message (error.GetType().Name)

                if debug then
                    eprintfn "%O" error
                else
                    eprintfn "Set IQL_DEBUG=1 for the stack trace. Saved files are kept."

                failure
