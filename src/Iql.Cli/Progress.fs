namespace Iql.Cli

open Iql.Scripts

open System
open System.Diagnostics
open System.Globalization
open System.Threading.Tasks
open Spectre.Console

/// How a sweep looks while it runs: a live table in a terminal, a line every few seconds elsewhere.
[<RequireQualifiedAccess>]
module Progress =

    let private invariant = CultureInfo.InvariantCulture

    let private time (span: TimeSpan) : string =
        if span.TotalHours >= 1.0 then
            span.ToString(@"h\:mm\:ss", invariant)
        else
            span.ToString(@"m\:ss", invariant)

    let private count (value: int64) : string =
        value.ToString("#,0", invariant).Replace(",", " ")

    let private remaining (progress: SweepProgress) : string =
        if progress.StepsPerSecond > 0.0 then
            time (TimeSpan.FromSeconds(float (progress.TotalSteps - progress.Steps) / progress.StepsPerSecond))
        else
            "?"

    let private share (progress: SweepProgress) : float =
        100.0 * float progress.Steps / float (max 1L progress.TotalSteps)

    let private score (latest: Iql.Training.TrainingProgress) : string =
        if latest.Score.HasValue then
            latest.Score.Value.ToString("F1", invariant)
        else
            "–"

    let private summary (progress: SweepProgress) : string =
        let failed =
            if progress.Diverged > 0 then
                $", {progress.Diverged} diverged"
            else
                ""

        String.Format(
            invariant,
            "{0:F0} %, {1} of {2} runs done{3}, {4} steps/s, {5} gone, {6} left",
            share progress,
            progress.Done,
            progress.Runs,
            failed,
            count (int64 progress.StepsPerSecond),
            time progress.Elapsed,
            remaining progress
        )

    let private group (progress: GroupProgress) : string =
        let latest = progress.Latest

        String.Format(
            invariant,
            "{0}: {1:F0} %, loss {2:G3}, score {3}",
            progress.Name,
            100.0 * float latest.Step / float latest.Steps,
            latest.Loss,
            score latest
        )

    /// One line for a log.
    let line (progress: SweepProgress) : string =
        String.concat "; " (summary progress :: [ for training in progress.Training -> group training ])

    let private table (progress: SweepProgress) : Table =
        let table = Table().Border(TableBorder.Minimal)
        table.Caption <- TableTitle(Markup.Escape(summary progress))

        for head in [ "group"; "runs"; "step"; "steps/s"; "left"; "loss"; "score" ] do
            let column = TableColumn(head)

            if head <> "group" then
                column.Alignment <- Justify.Right

            table.AddColumn column |> ignore

        for training in progress.Training do
            let latest = training.Latest

            table.AddRow(
                Markup.Escape training.Name,
                string training.Runs,
                $"{count latest.Step} / {count latest.Steps}",
                latest.StepsPerSecond.ToString("F0", invariant),
                time latest.Remaining,
                latest.Loss.ToString("G3", invariant),
                score latest
            )
            |> ignore

        table

    /// What a launch has to tell besides how far it is, as a line; warnings are marked.
    let note (event: SweepEvent) : string option =
        match event with
        | Advanced _ -> None
        | Chosen split -> Some(Split.describe split)
        | Oversubscribed warning -> Some $"note: {warning}"
        | Waiting(group, holder) ->
            Some
                $"note: {group} is claimed by {holder}, which gave no sign of life yet. After five silent minutes, \
                  this process trains it."
        | Lost(group, taker) ->
            let who = taker |> Option.map string |> Option.defaultValue "another process"

            Some
                $"note: {who} trains {group} now, because this process gave no sign of life for too long. This \
                  process stops it."

    /// Prints what a launch tells; warnings go to standard error.
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
                    latest.Value
                    |> Option.iter (fun progress -> context.UpdateTarget(table progress))

                task.GetAwaiter().GetResult())

    /// Prints a line now and then, and one at the end.
    let lines (seconds: float) : SweepProgress -> unit =
        let clock = Stopwatch.StartNew()
        let said = ref 0.0

        fun progress ->
            if
                progress.Done = progress.Runs
                || clock.Elapsed.TotalSeconds - said.Value >= seconds
            then
                said.Value <- clock.Elapsed.TotalSeconds
                printfn "%s" (line progress)

    /// Runs a piece of work that tells how far it is and what else there is to know, and shows that in the way that
    /// suits where standard output goes.
    let show (work: (SweepEvent -> unit) -> 'result) : 'result =
        AnsiConsole.Profile.Capabilities.Ansi <- not Console.IsOutputRedirected

        if Console.IsOutputRedirected then
            let print = lines 5.0

            work (function
                | Advanced progress -> print progress
                | event -> say event)
        else
            live work
