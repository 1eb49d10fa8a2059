namespace Iql.Cli

open Iql.Scripts

open System
open System.Runtime.InteropServices
open System.Threading

/// Ctrl-C and the termination signal ask a sweep to save and stop; a second one ends the process at once.
[<RequireQualifiedAccess>]
module Interrupt =

    /// Runs work with a token that Ctrl-C cancels, and then prints a message.
    let guardSaying (message: string) (work: CancellationToken -> 'result) : 'result =
        use source = new CancellationTokenSource()

        let handle (context: PosixSignalContext) =
            if not source.IsCancellationRequested then
                context.Cancel <- true
                eprintfn "%s" message
                source.Cancel()

        use _ = PosixSignalRegistration.Create(PosixSignal.SIGINT, handle)
        use _ = PosixSignalRegistration.Create(PosixSignal.SIGTERM, handle)
        work source.Token

    /// The same for training.
    let guard (work: CancellationToken -> 'result) : 'result =
        guardSaying "Stopping: saving the runs. Press again to stop without saving." work

    /// The same for writing a file.
    let guardFile (work: CancellationToken -> 'result) : 'result = guardSaying "Stopping: no file is kept." work
