namespace Iql.Scripts

open System

/// A column of the table of the online phase.
type OnlineColumn = {
    /// "lastTen", as in online.csv.
    Name: string
    /// "Last 10"
    Head: string
    /// What it is, in a sentence or two.
    Meaning: string
    /// The number, if there is one.
    Of: OnlineNumbers -> float option
    /// Whether it is a share and no score.
    IsShare: bool
}

/// The columns of the table of the online phase.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module OnlineColumn =

    let private column name head meaning (number: OnlineNumbers -> float option) = {
        Name = name
        Head = head
        Meaning = meaning
        Of = number >> Option.filter Double.IsFinite
        IsShare = List.contains name [ "regret"; "scoreRegret" ]
    }

    /// The columns of the table; without scores, but with returns, there is no score regret.
    let all (measure: Measure) : OnlineColumn list = [
        let score name head meaning number = column name head meaning (number >> Some)
        score "before" "Before" "The last evaluation before the switch." _.Before
        score "first" "First" "The first evaluation after the switch." _.First
        let dip = "The lowest evaluation in the first tenth of the online phase; without one there, the first."
        score "dip" "Dip" dip _.Dip
        score "mean" "Mean" "The mean of all evaluations after the switch." _.Mean
        score "lastTen" "Last 10" "The mean of the last ten of them, or of all if they are fewer." _.LastTen
        score "last" "Last" "The last evaluation." _.Last
        let best = "The best evaluation after the switch. The environment selects it, so it looks too good."
        score "best" "Best" best _.Best

        let regret =
            "The share of failures among the episodes that ended while acting, as CORL counts it. Actions of acting \
             may be drawn, noisy or random, so this is no evaluation."

        column "regret" "Regret" regret _.Regret

        if measure = Score then
            score
                "scoreRegret"
                "Score regret"
                "1 − mean / 100: the part of an expert's score that evaluations after the switch miss."
                (fun numbers -> 1.0 - numbers.Mean / 100.0)
    ]

    /// A number of a column as it is shown.
    let shown (measure: Measure) (column: OnlineColumn) (value: float) : string =
        if column.IsShare then
            (Math.Round(value, 2) + 0.0).ToString("0.00", Globalization.CultureInfo.InvariantCulture)
        else
            Shown.measured measure value

    /// A column's numbers summed up over runs, with the interval of every report.
    let summary (column: OnlineColumn) (numbers: OnlineNumbers list) : RunSummary option =
        numbers |> List.choose column.Of |> RunSummary.ofNumbers

    /// How much a run rose over the online phase, over runs: each run's own end less its own beginning.
    let change (numbers: OnlineNumbers list) : RunSummary option =
        numbers
        |> List.map (fun numbers -> numbers.Last - numbers.Before)
        |> List.filter Double.IsFinite
        |> RunSummary.ofNumbers
