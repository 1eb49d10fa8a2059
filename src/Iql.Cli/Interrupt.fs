namespace Iql.Cli

open System
open System.Diagnostics
open System.Runtime.InteropServices
open System.Threading
open Iql.Data

/// Signals that ask the program to end: INT (Ctrl-C), TERM, HUP (a closed terminal), USR1 and USR2 (schedulers).
/// Training saves and stops; all other work ends at once and leaves no unfinished file. The handlers stay until the
/// process is gone: a signal of its last moment finds them.
[<RequireQualifiedAccess>]
module Interrupt =

    let mutable private leaving = 130

    /// The exit code of a command that a signal stopped: 128 + SIGINT, unless a scheduler wants another.
    let code () : int = leaving

    /// A command that a signal stops ends with this code from now on.
    let leavingWith (code: int) : unit = leaving <- code

    /// What a signal does.
    type private Stage =
        /// Ends the process, with a message.
        | Leave of string
        /// Cancels; a second Ctrl-C ends the process.
        | Save of CancellationTokenSource
        /// Cancels what has nothing to save.
        | End of CancellationTokenSource
        /// The process ends by a signal.
        | Leaving
        /// Nothing: the command has its exit code.
        | Over

    /// `timeout` and a closed terminal send a signal twice. Only a Ctrl-C after this time is a second one: schedulers
    /// send theirs again and again, and nothing but KILL ends a training that saves.
    let private twice = TimeSpan.FromSeconds 0.5

    let private gate = obj ()
    let private clock = Stopwatch()
    let mutable private stage = Over

    let private leave (message: string) : unit =
        AtomicFile.Abandon()

        // The live table hides it.
        if not Console.IsOutputRedirected then
            printf "\u001b[?25h"

        eprintfn "%s" message
        Environment.Exit(code ())

    let private handle (context: PosixSignalContext) : unit =
        context.Cancel <- true

        let action =
            lock gate (fun () ->
                match stage with
                | Save source when not source.IsCancellationRequested ->
                    clock.Restart()

                    // First, because a stopped terminal takes no message.
                    source.Cancel()
                    fun () -> eprintfn "Stopping: saving the runs. Press again to stop without saving."
                | End source -> source.Cancel
                | Save _ when clock.Elapsed < twice || context.Signal <> PosixSignal.SIGINT -> ignore
                | Save _ ->
                    stage <- Leaving
                    fun () -> leave "Stopped without saving. The same command continues from the last checkpoints."
                | Leave message ->
                    stage <- Leaving
                    fun () -> leave message
                | Leaving
                | Over -> ignore)

        action ()

    // Static, because an unreachable registration ends.
    let private registrations =
        lazy
            [
                let users =
                    if OperatingSystem.IsWindows() then []
                    elif OperatingSystem.IsLinux() then [ 10; 12 ]
                    else [ 30; 31 ]

                for signal in [ PosixSignal.SIGINT; PosixSignal.SIGTERM; PosixSignal.SIGHUP ] @ List.map enum users do
                    // A signal that is ignored from the start, as HUP by `nohup`, stays ignored.
                    PosixSignalRegistration.Create(signal, handle)
            ]

    /// Runs a command from its first moment to its exit code.
    let during (command: unit -> int) : int =
        leavingWith 130
        stage <- Leave "Stopped. No unfinished file is left."
        registrations.Force() |> ignore

        let ended () =
            let leaving =
                lock gate (fun () ->
                    if stage <> Leaving then
                        stage <- Over

                    stage = Leaving)

            if leaving then
                Thread.Sleep Timeout.Infinite

        try
            let code = command ()
            ended ()
            code
        with _ ->
            ended ()
            reraise ()

    let private enter (next: Stage) : unit =
        lock gate (fun () ->
            if stage <> Leaving then
                stage <- next)

    /// A signal from now on prints this message and ends the process.
    let saying (message: string) : unit = enter (Leave message)

    /// Runs work with a token that a signal cancels. The rest of the command is not stopped: it is short.
    let saving (work: CancellationToken -> 'result) : 'result =
        let source = new CancellationTokenSource()
        enter (Save source)
        work source.Token

    /// The same for work that has nothing to save, and that a signal brings to its usual end.
    let ending (work: CancellationToken -> 'result) : 'result =
        let source = new CancellationTokenSource()
        enter (End source)
        work source.Token
