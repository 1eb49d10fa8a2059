namespace Iql.Scripts

open System
open System.Runtime.InteropServices
open System.Threading

/// Ctrl-C and the termination signal ask a sweep to save and stop; a second one ends the process at once.
[<RequireQualifiedAccess>]
module Interrupt =

    /// Runs a piece of work with a token that Ctrl-C cancels.
    let guard (work: CancellationToken -> 'result) : 'result =
        use source = new CancellationTokenSource()

        let handle (context: PosixSignalContext) =
            if not source.IsCancellationRequested then
                context.Cancel <- true
                eprintfn "Stopping: saving what was trained. Once more to stop without saving."
                source.Cancel()

        use _ = PosixSignalRegistration.Create(PosixSignal.SIGINT, handle)
        use _ = PosixSignalRegistration.Create(PosixSignal.SIGTERM, handle)
        work source.Token
