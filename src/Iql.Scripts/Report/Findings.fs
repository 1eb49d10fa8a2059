/// What a sweep found, in plain words, written from the numbers alone. Every claim carries its interval, and a
/// difference whose interval holds zero is called one that cannot be told from chance.
module Iql.Scripts.Findings

open Giraffe.ViewEngine
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

let private claim (heading: string) (text: string) : XmlNode list = [
    p [] (strong [] [ str $"{heading}. " ] :: Html.text text)
]

/// A sentence in which the numbers and names that matter are strong.
let lead (parts: (bool * string) list) : XmlNode =
    p [ _class "lead" ] [
        for isStrong, words in parts -> if isStrong then strong [] [ str words ] else str words
    ]

/// Whether a number is a score that is no better than that of a random policy, as far as it is shown.
let isRandom (measure: Measure) (best: float) : bool =
    measure = Score && System.Math.Round(best, 1) <= 0.0

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
let private episodes (run: Run) : XmlNode list =
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

/// "(τ = 0.9, β = 3)", or "τ = 0.9".
let private named (cell: ResultGroup) : string =
    let words = Shown.values cell.Values
    if cell.Values.Length > 1 then $"({words})" else words

/// How the leaders stand to the other cells.
let private others (measure: Measure) (best: ResultGroup) (leaders: ResultGroup list) (cells: ResultGroup list) =
    let compared =
        cells
        |> List.except leaders
        |> List.choose (fun cell -> difference measure best cell |> Option.map (fun estimate -> cell, estimate))

    let equals =
        compared
        |> List.filter (snd >> unclear)
        |> List.sortBy (fun (_, estimate) -> estimate.Value)
        |> List.map (fst >> named)

    let unclear = "the 95 % interval of the difference contains zero."

    match compared.Length, equals with
    | 0, _ -> []
    | 1, [] -> [ "The lead over the other cell is larger than the spread between seeds." ]
    | count, [] -> [ $"The lead over each of the other {count} cells is larger than the spread between seeds." ]
    | _, few when few.Length <= 6 -> [ $"There is no clear difference to {Plural.listed few}: {unclear}" ]
    | count, many -> [
        $"There is no clear difference to {many.Length} of the other {count} cells: {unclear} The closest are \
          {Plural.listed (List.truncate 4 many)}."
      ]

let private bestSentences (measure: Measure) (cells: ResultGroup list) : XmlNode list =
    match ResultGroups.best measure cells with
    | None -> [
        Html.paragraph "No run has finished, so there is no final result to compare yet."
      ]
    | Some(best, summary) ->
        let final = $"final {Measure.title measure}"
        let leaders = ResultGroups.leaders measure cells
        let basis = $" ({basis best summary})."
        let isRandom = isRandom measure summary.Mean

        let value =
            if summary.Count = 1 && cells.Length = 1 then
                Shown.number summary.Mean
            else
                Shown.summary summary

        [
            match leaders with
            | _ when cells.Length = 1 ->
                lead [ false, $"The {final} is "; true, value; false, basis ]

                if isRandom then
                    Html.paragraph "This is no better than a random policy, which scores 0."
            | _ when isRandom ->
                lead [
                    true, "No cell beat a random policy. "
                    false, $"The highest mean {final} is "
                    true, value
                    false, basis
                ]
            | [ _ ] ->
                lead [
                    false, "The best cell is "
                    true, Shown.values best.Values
                    false, $" with a mean {final} of "
                    true, value
                    false, basis
                ]
            | ties ->
                let who =
                    if ties.Length = cells.Length then
                        $"All {ties.Length} cells tie"
                    else
                        $"{ties.Length} of {cells.Length} cells tie for the best"

                lead [ true, who; false, $" with a mean {final} of "; true, value; false, basis ]

                if ties.Length < cells.Length && ties.Length <= 12 then
                    Html.paragraph $"They are {ties |> List.map named |> Plural.listed}."
            match best.Runs with
            | [ only ] when cells.Length = 1 -> yield! episodes only
            | _ -> ()
            if not isRandom then
                for sentence in others measure best leaders cells do
                    Html.paragraph sentence
            if cells.Length > 2 && leaders.Length = 1 && not isRandom && summary.Count > 1 then
                Html.paragraph
                    $"It was selected as the best of {cells.Length} cells by the evaluations shown here. This makes it \
                      look a little too good. New seeds would show by how much."
        ]

/// What one hyperparameter does while the others stay at the best cell's values.
let private effect (measure: Measure) (cells: ResultGroup list) (name: string) : XmlNode list =
    match ResultGroups.best measure cells with
    | None -> []
    | Some(best, bestSummary) ->
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
                | _ when Shown.measured measure lowSummary.Mean = Shown.measured measure bestSummary.Mean ->
                    "All values tie."
                | None when lowSummary.Count = 1 -> "With one seed, these differences may be chance."
                | None -> "Too few runs finished, so these differences may be chance."
                | Some estimate when unclear estimate ->
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
let private cloning (measure: Measure) (cells: ResultGroup list) : XmlNode list =
    let name, heading = "inverseTemperature", "Against behaviour cloning"

    match ResultGroups.where name "0" cells, ResultGroups.best measure cells with
    | _ :: _ as clones, Some(best, bestSummary) ->
        match ResultGroups.best measure clones with
        | None -> claim heading "No run with β = 0 finished, so the score of cloning is unknown."
        | Some(clone, summary) ->
            let compared =
                if List.contains clone (ResultGroups.leaders measure cells) then
                    "No cell is better, so the weights gave no gain."
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

/// What the numbers are.
let private basisNote (cells: ResultGroup list) : XmlNode =
    let runs = List.collect _.Runs cells

    let over =
        if runs.Length = 1 then
            "The number is from the last evaluation."
        else
            "Every number is from the last evaluation of a run, averaged over seeds."

    let brackets =
        if cells |> List.exists (fun cell -> cell.Runs.Length > 1) then
            " Brackets are 95 % percentile-bootstrap intervals over seeds."
        else
            ""

    Html.styled "under" $"{over} No best checkpoint was selected.{brackets}"

/// What offline metrics can say where nothing was evaluated: how V and the loss moved, and that this is no score.
let private offline (rows: string option) (cells: ResultGroup list) : XmlNode list =
    let lastOf metric (cell: ResultGroup) =
        cell.Runs
        |> List.filter (Run.diverged >> not)
        |> List.choose (Run.lastMetric metric)
        |> RunSummary.ofNumbers $"{metric} {Shown.values cell.Values}"

    let rows =
        rows |> Option.filter (fun name -> ResultGroups.moves "valueMean" name cells)

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
        lead [
            true, "Offline metrics only. "
            false,
            "No run was evaluated in an environment, so this page does not show how well a policy acts. Losses and \
             values show whether training was stable. A lower loss does not mean a better policy."
        ]
        if not values.IsEmpty then
            let by =
                rows
                |> Option.map (Shown.axisTitle >> sprintf " by %s")
                |> Option.defaultValue ""

            Html.paragraph $"Mean of V over the data at the end of training{by}: {Plural.listed values}."
    ]

/// The findings of one facet of a sweep: the best cell, what each hyperparameter does, behaviour cloning beside it, and
/// what the numbers are. Without evaluations: that there are offline metrics only.
let ofGroups
    (measure: Measure option)
    (rows: string option)
    (columns: string option)
    (cells: ResultGroup list)
    : XmlNode list =
    match measure with
    | None -> offline (Option.orElse columns rows) cells
    | Some measure ->
        bestSentences measure cells
        @ (List.choose id [ rows; columns ] |> List.collect (effect measure cells))
        @ cloning measure cells
        @ [ basisNote cells ]
