/// The section of a report on what tuning for each task apart is worth.
module Iql.Scripts.TuningSection

open Giraffe.ViewEngine
open Iql.Scripts.Charts

let private score = Shown.measured Score

let private named (tuning: Tuning) : string =
    if tuning.Algorithm = "" then "This algorithm" else Published.title tuning.Algorithm

let private words (tuning: Tuning) : string =
    let { Sensitivity.Tuned = tuned; SharedScore = shared; Dimension = dimension } = tuning.Sensitivity

    let needed =
        match dimension, tuning.Axes.Length with
        | 0, _ -> "One setting for all tasks reaches 95 % of that."
        | dimension, all when dimension = all && all = 1 -> "So the one hyperparameter needs tuning."
        | dimension, all when dimension = all -> $"For 95 %% of that, all {all} hyperparameters need tuning."
        | dimension, all -> $"For 95 %% of that, {dimension} of {all} hyperparameters need tuning."

    $"**{named tuning}** has a mean score of {score shared} with one setting for all {tuning.Tasks} tasks \
      ({Shown.values tuning.Shared}). The best setting of each task has {score tuned}. So one setting loses \
      {Shown.estimate tuning.Lost}. {needed}"

let private table (tunings: Tuning list) : XmlNode =
    Html.sortable
        "Sensitivity to tuning"
        [
            "Algorithm", named >> Html.cell
            "Tuned for each task",
            fun each -> Html.sortedCell (string each.Sensitivity.Tuned) (score each.Sensitivity.Tuned)
            "One setting",
            fun each -> Html.sortedCell (string each.Sensitivity.SharedScore) (score each.Sensitivity.SharedScore)
            "Sensitivity Φ", fun each -> Html.sortedCell (string each.Lost.Value) (Shown.estimate each.Lost)
            "Effective dimension",
            fun each ->
                Html.sortedCell
                    (string each.Sensitivity.Dimension)
                    $"{each.Sensitivity.Dimension} of {each.Axes.Length}"
            "The one setting", fun each -> Html.cell (Shown.values each.Shared)
        ]
        tunings

/// A section where algorithms have scores of the same settings on several tasks.
let ofSweep (sweep: SweepResults) : Sections.Section list =
    let tunings = Tuning.ofSweep sweep

    Sections.shown "" [
        "tuning",
        "Sensitivity to tuning",
        [
            if not tunings.IsEmpty then
                yield! [ for tuning in tunings -> Html.paragraph (words tuning) ]
                table tunings

                if tunings.Length > 1 then
                    yield!
                        [ SensitivityPlane.figure tunings ]
                        |> Html.figure
                            "figure-tuning"
                            "Higher is better after tuning, and left needs less tuning. On a dotted line the \
                             score with one setting is the same."
                            (tunings |> List.map words |> String.concat " ")

                Html.computed
                    "sensitivity-to-tuning"
                    "Each cell's mean over seeds is a setting's score on a task. Settings are chosen and scored on the \
                     same seeds, so Φ is a little too large. The interval is of Tukey's tests of all tasks at once."
        ]
    ]
