/// What makes the numbers of runs that go on online doubtful.
module Iql.Scripts.OnlineDoubts

/// Few evaluations and episodes, lagging actions, data that leave the buffer, and how published runs differ.
let ofSweep (sweep: SweepResults) : string list =
    let runs = [
        for run in sweep.Runs do
            for how in Option.toList (Run.online run) -> run, how
    ]

    /// "4,000 or 8,000"
    let either pick = runs |> List.map (pick >> Plural.thousands) |> List.distinct |> Plural.either

    let later = [
        for run, how in runs do
            if Run.finished run && not run.Evaluations.IsEmpty then
                let places = [
                    for place, _ in Run.curve Return run do
                        if place > Run.switch run then
                            place - Run.switch run
                ]

                places.Length, places |> List.filter (fun place -> place <= 0.1 * float how.OnlineSteps) |> List.length
    ]

    let tasks, algorithms =
        runs |> List.map (fst >> Run.task) |> List.distinct, runs |> List.map (fst >> Run.algorithm) |> List.distinct

    let phase = PublishedPhase.AfterOnline

    [
        if not later.IsEmpty then
            let all, first = List.min (List.map fst later), List.min (List.map snd later)

            if all < 20 || first < 2 then
                let all, first = Plural.count all "evaluation", (if first = 0 then "none" else string first)

                $"The online phase has {all}, {first} of them in its first tenth. A fall \
                  between two evaluations is not seen, and the mean is coarse."

        match runs |> List.map (fun (run, _) -> run.Config.EvaluationEpisodes) |> List.filter ((<) 0) with
        | [] -> ()
        | episodes ->
            let few = List.min episodes

            if few < 50 then
                let episodes, points = Plural.count few "episode", (100.0 / float few).ToString "0.#"
                $"An evaluation has {episodes}. Where a task is won or lost, one episode is {points} points."

        if runs |> List.exists (fun (_, how) -> how.ActingLag > 0) then
            "Acting used parameters that were one update old (acting lag 1). The published protocols act with the \
             newest."

        match
            [
                for run, how in runs do
                    for line in Option.toList (Seq.tryLast run.Acting) do
                        let had =
                            how.DataRows |> Option.ofNullable |> Option.defaultValue run.Config.Dataset.Transitions

                        if line.DataRows < had then
                            line.DataRows, had
            ]
        with
        | [] -> ()
        | lost ->
            let left, had = List.min lost

            $"The buffer did not keep the data: in one run, {Plural.thousands left} of {Plural.thousands had} rows of \
              data were left at the end."

        if
            not runs.IsEmpty
            && (not (Published.beside phase tasks algorithms).IsEmpty
                || tasks |> List.exists (fun task -> not (Published.otherVersions phase task algorithms).IsEmpty))
        then
            let steps = Plural.thousands PublishedRun.steps

            $"Published runs had {steps} updates from D4RL's data and {steps} environment steps. Ours had \
              {either (fun (_, how) -> how.OfflineSteps)} updates from \
              {either (fun (run, _) -> run.Config.Dataset.Transitions)} rows, and \
              {either (fun (_, how) -> how.OnlineSteps)} environment steps."
    ]
