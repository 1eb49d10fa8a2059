namespace Iql.Scripts

open System
open System.Globalization
open Iql.Measurement

/// When more threads want to run than there are cores: a team of threads then waits for the one that has none.
[<RequireQualifiedAccess>]
module Crowding =

    /// Readings closer together than this say little, in seconds.
    let private least = 5.0

    /// Processor time that threads may miss before it is said, as a share: files and evaluations do not keep them all busy.
    let private missing = 0.15

    /// What to say of two readings, with `threads` of ours that would like to run all the time on `cores`: nothing, or a warning
    /// with what it costs and the mend. It takes two signs: our threads got less processor time than they asked for, and the load
    /// average is above the number of cores. Where the system tells no load average, twice as much must be missing.
    let warning (cores: int) (threads: int) (before: SystemLoad) (after: SystemLoad) : string option =
        let seconds = (after.Clock - before.Clock).TotalSeconds

        let had =
            (after.Processor - before.Processor).TotalSeconds
            / max 1e-9 (seconds * float threads)

        let wanted =
            match Option.ofNullable after.Average with
            | Some average when average > float cores + 0.5 && had < 1.0 - missing -> Some $"%.1f{average} threads"
            | None when had < 1.0 - 2.0 * missing -> Some "more threads than that"
            | _ -> None

        match wanted with
        | Some wanted when seconds >= least ->
            let times = (1.0 / max 0.05 had).ToString("0.0", CultureInfo.InvariantCulture)

            Some
                $"the machine is oversubscribed: {wanted} want its {cores} cores, and training got {Math.Round(100.0 * had)} %% of the processor time it asked for, so it takes about {times} times as long. Stop what else is running, or give this sweep the cores that are free (--threads {max 1 (threads - 1)}). The numbers stay the same."
        | _ -> None

    /// Something that is told of every moment and says a warning now and then: at most one in ten minutes.
    let watch (cores: int) (threads: int) (read: unit -> SystemLoad) (say: string -> unit) : unit -> unit =
        let gate = obj ()
        let last, silentUntil = ref (read ()), ref TimeSpan.MinValue

        fun () ->
            lock gate (fun () ->
                let now = read ()

                if (now.Clock - last.Value.Clock).TotalSeconds >= least then
                    match warning cores threads last.Value now with
                    | Some text when now.Clock >= silentUntil.Value ->
                        silentUntil.Value <- now.Clock + TimeSpan.FromMinutes 10.0
                        say text
                    | _ -> ()

                    last.Value <- now)
