/// What a sweep found, in plain words, written from the numbers alone. Every claim carries its interval, and a
/// difference whose interval holds zero is called one that cannot be told from chance.
module Iql.Scripts.Findings

open Iql
open Iql.Training
open Iql.Scripts.Statistics

/// mean(a) − mean(b) over finished runs with its 95 % interval; None unless both cells have at least two.
let difference (measure: Measure) (a: ResultGroup) (b: ResultGroup) : Estimate option =
    match ResultGroups.finals measure a, ResultGroups.finals measure b with
    | (_ :: _ :: _ as xs), (_ :: _ :: _ as ys) ->
        let seed =
            Seed.Named("difference").Split(Shown.values a.Values).Split(Shown.values b.Values)

        bootstrapDifference (RunSummary.bootstrapped seed) (Array.ofList xs) (Array.ofList ys)
        |> Some
    | _ -> None

let private claim (heading: string) (text: string) : Html list = [
    Html.plain "p" [ Html.strong $"{heading}. "; Html.text text ]
]

/// Does the interval hold zero?
let private unclear (estimate: Estimate) : bool =
    estimate.Interval.Low <= 0.0 && estimate.Interval.High >= 0.0

/// "+12 [3, 20]".
let private signed (estimate: Estimate) : string =
    let sign = if estimate.Value > 0.0 then "+" else ""
    $"{sign}{Shown.estimate estimate}"

/// How many runs and evaluation episodes stand behind a cell's number.
let private basis (cell: ResultGroup) (summary: RunSummary) : string =
    let episodes =
        match cell.Runs |> List.map _.Config.EvaluationEpisodes |> List.distinct with
        | [ episodes ] when episodes > 0 ->
            let each = if summary.Count = 1 then "" else " each"
            $""", {Plural.count episodes "episode"}{each}"""
        | _ -> ""

    $"""{Plural.count summary.Count "seed"}{episodes}"""

/// What the episodes of a single run's last evaluation say; it leaves out that another seed would train another policy.
let private episodes (run: Run) : Html list =
    match
        run.Evaluations
        |> Seq.tryLast
        |> Option.map (fun last -> Array.ofSeq last.Returns)
    with
    | Some returns when returns.Length > 1 ->
        let estimate =
            bootstrap (RunSummary.bootstrapped (Seed.Named "episodes")) mean returns

        [
            Html.paragraph
                $"Over the {returns.Length} episodes of the last evaluation the mean return is \
                  {Shown.estimate estimate}, from {Shown.number (Array.min returns)} to \
                  {Shown.number (Array.max returns)}. This interval is for episodes of this policy. It says nothing \
                  about other seeds."
        ]
    | _ -> []

let private bestSentences (measure: Measure) (cells: ResultGroup list) : Html list =
    match ResultGroups.best measure cells with
    | None -> [
        Html.paragraph "No run has finished, so there is no final result to compare yet."
      ]
    | Some(best, summary) ->
        let title = Measure.title measure

        let lead =
            Html.element "p" [ "class", "lead" ] [
                if cells.Length = 1 then
                    Html.text $"The final {title} is "

                    Html.strong (
                        if summary.Count = 1 then
                            Shown.number summary.Mean
                        else
                            Shown.summary summary
                    )
                else
                    Html.text "The best cell is "
                    Html.strong (Shown.values best.Values)
                    Html.text $" with a mean final {title} of "
                    Html.strong (Shown.summary summary)
                Html.text $" ({basis best summary})."
            ]

        let others =
            cells
            |> List.filter (fun cell -> cell.Values <> best.Values)
            |> List.choose (fun cell -> difference measure best cell |> Option.map (fun estimate -> cell, estimate))

        let equals =
            others
            |> List.filter (fun (_, estimate) -> unclear estimate)
            |> List.sortBy (fun (_, estimate) -> estimate.Value)
            |> List.map (fun (cell, _) ->
                let words = Shown.values cell.Values
                if cell.Values.Length > 1 then $"({words})" else words)

        [
            lead
            match best.Runs with
            | [ only ] when cells.Length = 1 -> yield! episodes only
            | _ -> ()
            match others, equals with
            | [], _ -> ()
            | _, [] ->
                let count = others.Length

                let other =
                    if count = 1 then
                        "the other cell"
                    else
                        $"each of the other {count} cells"

                Html.paragraph $"Its lead over {other} is larger than the spread between seeds."
            | _, few when few.Length <= 6 ->
                Html.paragraph
                    $"There is no clear difference to {Plural.listed few}: the 95 %% interval of the difference \
                      contains zero."
            | _, many ->
                Html.paragraph
                    $"There is no clear difference to {many.Length} of the other {others.Length} cells: the 95 %% \
                      interval of the difference contains zero. The closest are {Plural.listed (List.truncate 4 many)}."
            if others.Length > 1 then
                Html.paragraph
                    $"It was selected as the best of {others.Length + 1} cells by the evaluations shown here. This \
                      makes it look a little too good. New seeds would show by how much."
        ]

/// What one hyperparameter does while the others stay at the best cell's values.
let private effect (measure: Measure) (cells: ResultGroup list) (name: string) : Html list =
    match ResultGroups.best measure cells with
    | None -> []
    | Some(best, _) ->
        let others, along =
            ResultGroups.without name best, ResultGroups.along name best cells

        let points =
            ResultGroups.values name along
            |> List.choose (fun value ->
                ResultGroups.where name value along
                |> List.tryHead
                |> Option.bind (fun cell -> ResultGroups.summary measure cell |> Option.map (fun s -> value, cell, s)))

        match points with
        | []
        | [ _ ] -> []
        | points ->
            let symbol = Shown.symbol name

            let fixedAt =
                match others with
                | [] -> "By value, "
                | others -> $"At {Shown.values others}, by {symbol}, "

            let series =
                points
                |> List.map (fun (value, _, summary) -> $"{Shown.summary summary} at {value}")
                |> Plural.listed

            let _, low, lowSummary = points |> List.minBy (fun (_, _, summary) -> summary.Mean)

            let value (cell: ResultGroup) =
                cell.Values |> List.find (fun (key, _) -> key = name) |> snd

            let change =
                $"From the worst ({symbol} = {value low}) to the best ({symbol} = {value best}) the difference is"

            let verdict =
                match difference measure best low with
                | None when lowSummary.Count = 1 -> "With one seed, these differences may be chance."
                | None -> "Too few runs finished, so these differences may be chance."
                | Some estimate when low.Values = best.Values || unclear estimate ->
                    $"{change} {signed estimate}. Its interval contains zero, so there is no clear effect of {symbol}."
                | Some estimate ->
                    let finals = ResultGroups.finals measure >> Array.ofList
                    let wins = winRate (finals best) (finals low)

                    $"{change} {signed estimate}. A run at {symbol} = {value best} beats a run at \
                      {symbol} = {value low} in {Shown.percent wins} of pairs."

            claim
                $"Effect of {Shown.axisTitle name}"
                $"{fixedAt}the mean final {Measure.title measure} is {series}. {verdict}"

/// The best cell beside β = 0, where the policy is cloned from the data without weights.
let private cloning (measure: Measure) (cells: ResultGroup list) : Html list =
    let name, heading = "inverseTemperature", "Against behaviour cloning"

    match ResultGroups.values name cells, ResultGroups.best measure cells with
    | _ :: _, Some(best, bestSummary) ->
        match ResultGroups.best measure (ResultGroups.where name "0" cells) with
        | None -> claim heading "No run with β = 0 finished, so the score of cloning is unknown."
        | Some(clone, summary) ->
            let compared =
                if clone.Values = best.Values then
                    "It is the best cell, so the weights gave no gain."
                else
                    match difference measure best clone with
                    | None ->
                        $"The best cell's mean is {Shown.summary bestSummary}; with one seed, the difference may be \
                          chance."
                    | Some estimate when unclear estimate ->
                        $"The best cell differs from it by {signed estimate}. The interval contains zero, so there \
                          is no clear gain over cloning."
                    | Some estimate -> $"The best cell is {Shown.estimate estimate} above it."

            claim
                heading
                $"With β = 0 all actions have equal weights. This is cloning. The best such cell \
                  ({Shown.values clone.Values}) scores {Shown.summary summary}. {compared}"
    | _ -> []

/// What to keep in mind: seeds, which evaluation counts, what was left out.
let private caution (measure: Measure) (cells: ResultGroup list) : Html list =
    let runs = List.collect _.Runs cells
    let counts = cells |> List.choose (ResultGroups.summary measure) |> List.map _.Count
    let lost = runs |> List.filter Run.diverged |> List.length

    let sentences = [
        if runs.Length = 1 then
            "The number is from the last evaluation. No best checkpoint was selected."
        else
            "Every number is from the last evaluation of a run, averaged over seeds. No best checkpoint was selected."
        match counts with
        | [] -> ()
        | counts ->
            let fewest, most = List.min counts, List.max counts

            let range =
                if fewest = most then
                    Plural.count fewest "seed"
                else
                    $"{fewest} to {most} seeds"

            if runs.Length = 1 then
                "One seed says nothing about the spread between seeds. Train several seeds before you compare."
            elif most = 1 then
                "There is one seed per cell, so there are no intervals. Any difference may be chance."
            else
                $"Brackets are 95 %% percentile-bootstrap intervals over {range} per cell."

                if fewest < 5 then
                    "With fewer than about five seeds they are too narrow, and the true uncertainty is larger."
        if lost > 0 then
            let runs = Plural.count lost "failed run"
            $"The means leave out {runs}. This makes their cells look better than they are."
    ]

    [ Html.styled "under" (String.concat " " sentences) ]

/// What offline metrics can say where nothing was evaluated: how V and the loss moved, and that this is no score.
let private offline (rows: string option) (cells: ResultGroup list) : Html list =
    let lastOf metric (cell: ResultGroup) =
        cell.Runs
        |> List.filter (Run.diverged >> not)
        |> List.choose (Run.lastMetric metric)
        |> RunSummary.ofNumbers $"{metric} {Shown.values cell.Values}"

    let values =
        match rows with
        | None ->
            cells
            |> List.choose (lastOf "valueMean")
            |> List.truncate 1
            |> List.map Shown.summary
        | Some name ->
            ResultGroups.values name cells
            |> List.choose (fun value ->
                {
                    Values = [ name, value ]
                    Runs = ResultGroups.where name value cells |> List.collect _.Runs
                }
                |> lastOf "valueMean"
                |> Option.map (fun summary -> $"{Shown.number summary.Mean} at {value}"))

    [
        Html.element "p" [ "class", "lead" ] [
            Html.strong "Offline metrics only. "
            Html.text
                "No run was evaluated in an environment, so this page does not show how well a policy acts. Losses \
                 and values show whether training was stable. A lower loss does not mean a better policy."
        ]
        if not values.IsEmpty then
            let by =
                rows
                |> Option.map (Shown.axisTitle >> sprintf " by %s")
                |> Option.defaultValue ""

            Html.paragraph $"Mean of V over the data at the end of training{by}: {Plural.listed values}."
    ]

/// The findings of one facet of a sweep: the best cell, what each hyperparameter does, behaviour cloning beside it, and
/// how far to trust it all. Without evaluations: that there are offline metrics only.
let ofGroups
    (measure: Measure option)
    (rows: string option)
    (columns: string option)
    (cells: ResultGroup list)
    : Html list =
    match measure with
    | None -> offline (Option.orElse columns rows) cells
    | Some measure ->
        bestSentences measure cells
        @ (List.choose id [ rows; columns ] |> List.collect (effect measure cells))
        @ cloning measure cells
        @ caution measure cells
