namespace Iql.Scripts

open System
open System.Diagnostics
open System.Globalization
open System.IO

/// Whether others want the cores that training asked for: a team of threads goes as fast as its slowest.
[<RequireQualifiedAccess>]
module Crowding =

    /// Seconds before the first look: the load average is one of the last minute.
    let private patience = 30.0

    /// The warning for threads that got a share of the processor time they asked for. It takes two signs: the share is
    /// low, and the load average is above the number of cores. Files and evaluations alone lower the share, too.
    let warning (cores: int) (threads: int) (load: float) (share: float) : string option =
        if load > float cores + 0.5 && share < 0.85 then
            let shown (value: float) = value.ToString("F1", CultureInfo.InvariantCulture)

            let times = shown (1.0 / max 0.05 share)

            Some(
                $"the machine is oversubscribed: {shown load} threads use its {cores} cores, "
                + $"and training takes about {times} times as long. Stop other programs, or use only "
                + $"the free cores (--threads {max 1 (threads - 1)}). The numbers stay the same."
            )
        else
            None

    /// A function to call now and then, by any thread; it says the warning once. Only Linux has a load average.
    let watch (threads: int) (say: string -> unit) : unit -> unit =
        let clock, before = Stopwatch.StartNew(), Environment.CpuUsage.TotalTime
        let gate = obj ()
        let isDone = ref (not (File.Exists "/proc/loadavg"))

        fun () ->
            lock gate (fun () ->
                if not isDone.Value && clock.Elapsed.TotalSeconds > patience then
                    let load = (File.ReadAllText "/proc/loadavg").Split(' ')[0]
                    let had = (Environment.CpuUsage.TotalTime - before).TotalSeconds
                    let share = had / (clock.Elapsed.TotalSeconds * float threads)

                    match
                        warning
                            Environment.ProcessorCount
                            threads
                            (Double.Parse(load, CultureInfo.InvariantCulture))
                            share
                    with
                    | Some text ->
                        isDone.Value <- true
                        say text
                    | None -> ())
