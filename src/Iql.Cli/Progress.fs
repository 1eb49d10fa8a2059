namespace Iql.Cli

open Iql.Scripts

open System
open System.Diagnostics
open System.Threading.Tasks
open Spectre.Console

/// Shows a sweep while it runs: a live table in a terminal, a line every few seconds elsewhere.
[<RequireQualifiedAccess>]
module Progress =

    /// A check that is true once per interval.
    let every (seconds: float) : unit -> bool =
        let clock = Stopwatch.StartNew()

        fun () ->
            let passed = clock.Elapsed.TotalSeconds > seconds

            if passed then
                clock.Restart()

            passed

    let private time (span: TimeSpan) : string =
        span.ToString(if span.TotalHours >= 1.0 then @"h\:mm\:ss" else @"m\:ss")

    let private count (value: int64) : string = $"{value:N0}".Replace(",", " ")

    let private remaining (progress: SweepProgress) : string =
        match progress.Left with
        | Some(left, true) -> $"{time left} left"
        | Some(left, false) -> $"about {time left} left"
        | None -> "time left not known yet"

    /// The loss with its name: "value loss 0.676".
    let private loss (latest: Iql.Training.TrainingProgress) : string =
        if latest.LossName = "" then
            "no loss yet"
        else
            $"{Shown.words latest.LossName} {latest.Loss:G3}"

    /// The score, and of how many runs it is the mean: "mean score of 4 runs 75.0".
    let private score (latest: Iql.Training.TrainingProgress) : string =
        let what = if latest.Runs.Length > 1 then $"mean score of {latest.Runs.Length} runs" else "score"
        if latest.Score.HasValue then $"{what} {latest.Score.Value:F1}" else "no score"

    let private summary (progress: SweepProgress) : string =
        let share = 100.0 * float progress.Steps / float (max 1L progress.TotalSteps)

        let failed = if progress.Diverged > 0 then $", {progress.Diverged} diverged" else ""

        $"{share:F0} %%, {progress.Done} of {progress.Runs} runs done{failed}, \
          {count (int64 progress.StepsPerSecond)} steps/s, {time progress.Elapsed} gone, {remaining progress}"

    let private group (progress: GroupProgress) : string =
        let latest = progress.Latest
        let share = 100.0 * float latest.Step / float latest.Steps
        $"{progress.Name}: {share:F0} %%, {loss latest}, {score latest}"

    /// One line for a log.
    let line (progress: SweepProgress) : string =
        String.concat "; " (summary progress :: [ for training in progress.Training -> group training ])

    let private table (progress: SweepProgress) : Table =
        let table = Table().Border(TableBorder.Minimal)
        table.Caption <- TableTitle(Markup.Escape(summary progress))

        for head in [ "group"; "runs"; "step"; "steps/s"; "left"; "loss"; "score" ] do
            let column = TableColumn(head)

            if not (List.contains head [ "group"; "loss"; "score" ]) then
                column.Alignment <- Justify.Right

            table.AddColumn column |> ignore

        for training in progress.Training do
            let latest = training.Latest

            table.AddRow(
                Markup.Escape training.Name,
                string training.Runs,
                $"{count latest.Step} / {count latest.Steps}",
                $"{latest.StepsPerSecond:F0}",
                time latest.Remaining,
                loss latest,
                score latest
            )
            |> ignore

        table

    /// An event of a launch as a line, except its progress; warnings are marked.
    let note (event: SweepEvent) : string option =
        match event with
        | Advanced _ -> None
        | Chosen split -> Some(Split.describe split)
        | Oversubscribed warning -> Some $"note: {warning}"
        | Restored problem -> Some $"note: {problem}"
        | Damaged problem -> Some $"damaged: {problem}"
        | Waiting(group, holder) ->
            Some
                $"note: {group} is claimed by {holder}, which gave no sign of life yet. After five silent minutes, \
                  this process trains it."
        | Lost(group, taker) ->
            let who = taker |> Option.map string |> Option.defaultValue "another process"

            Some
                $"note: {who} trains {group} now, because this process gave no sign of life for too long. This \
                  process stops it."

    /// Prints an event of a launch, except its progress; warnings go to standard error.
    let say (event: SweepEvent) : unit =
        match event, note event with
        | _, None -> ()
        | Chosen _, Some text -> printfn "%s" text
        | _, Some text -> eprintfn "%s" text

    let private live (work: (SweepEvent -> unit) -> 'result) : 'result =
        let latest = ref None

        AnsiConsole
            .Live(Text "Compiling the training step …")
            .AutoClear(true)
            .Start(fun context ->
                let watch event =
                    match event with
                    | Advanced progress -> latest.Value <- Some progress
                    // Lines that go through this console appear above the table.
                    | event -> note event |> Option.iter AnsiConsole.WriteLine

                let task = Task.Run(fun () -> work watch)

                while not (task.Wait 200) do
                    latest.Value |> Option.iter (fun progress -> context.UpdateTarget(table progress))

                task.GetAwaiter().GetResult())

    /// Prints a line per interval, and one at the end.
    let lines (seconds: float) : SweepProgress -> unit =
        let due = every seconds

        fun progress ->
            if due () || progress.Done = progress.Runs then
                printfn "%s" (line progress)

    /// Runs work and shows its events: in a live table, or as lines where standard output is redirected.
    let show (work: (SweepEvent -> unit) -> 'result) : 'result =
        AnsiConsole.Profile.Capabilities.Ansi <- not Console.IsOutputRedirected

        if Console.IsOutputRedirected then
            let print = lines 5.0

            work (function
                | Advanced progress -> print progress
                | event -> say event)
        else
            live work
