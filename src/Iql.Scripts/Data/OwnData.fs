namespace Iql.Scripts

open System.Globalization
open Iql.Data

/// What is done to data of one's own where nobody asks for anything: there is no published way for them.
[<RequireQualifiedAccess>]
module OwnData =

    let private word (rule: ActionScaling) = (string rule).ToLowerInvariant()

    /// The rules of `--action-scaling`, by their words; the word "auto" is none of them.
    let scalings: (string * ActionScaling) list =
        [ ActionScaling.Bounds; ActionScaling.MinMax; ActionScaling.Quantiles; ActionScaling.None ]
        |> List.map (fun rule -> word rule, rule)

    /// Whether data are one's own: no preset is for the name of them or of their task, and nobody asked for D4RL's
    /// mode by name.
    let is (source: DataSource) : bool =
        let isKnown name = (Preset.domainOf name).IsSome

        match source with
        | DataSource.Task _
        | DataSource.File(_, Some DatasetMode.D4rlParity, _) -> false
        | _ -> not (isKnown (DataSource.task source) || isKnown (DataSource.name source))

    /// How actions are scaled where nobody says: where numbers lie outside ±1, by the bounds that the source states, or
    /// else by the data's own.
    let scaling (source: DataSource) (data: IDataset) : ActionScaling =
        if data.ActionSpace.IsDiscrete || not (is source) || data.Statistics.ActionsOutside = 0.0 then
            ActionScaling.None
        elif ActionBounds.AreStated data then
            ActionScaling.Bounds
        else
            ActionScaling.MinMax

    let private text (number: float32) = number.ToString("G4", CultureInfo.InvariantCulture)

    let private most = 8

    /// The first parts, and how many more there are.
    let listed (parts: string list) =
        let more = if parts.Length > most then [ $"{parts.Length - most} more" ] else []
        String.concat ", " (List.truncate most parts @ more)

    /// The actions that never change, and the others, each with its bounds.
    let private parted (normalization: Normalization) =
        Seq.zip normalization.ActionLow normalization.ActionHigh
        |> List.ofSeq
        |> List.indexed
        |> List.partition (fun (_, (low, high)) -> low = high)

    /// The bounds of actions in words: "valve [%] from 0 to 100, switch always 7".
    let ranges (columns: DataColumns) (normalization: Normalization) : string =
        let still, moving = parted normalization
        let name column = DataColumns.Action(columns, column)

        [ for i, (low, high) in moving -> $"{name i} from {text low} to {text high}" ]
        @ [ for i, (value, _) in still -> $"{name i} always {text value}" ]
        |> listed

    /// What to say of how a trial's actions are scaled, a sentence each.
    let private scaled (raw: IDataset) (normalization: Normalization) (isAsked: bool) : string list =
        let name column = DataColumns.Action(raw.Columns, column)

        let beyond =
            if normalization.ActionScaling = ActionScaling.Quantiles then
                []
            else
                ActionBounds.Outside(raw, normalization) |> List.ofArray |> List.indexed

        [
            let why =
                if isAsked then
                    ""
                else
                    $"{100.0 * raw.Statistics.ActionsOutside:F0} %% of the action numbers are outside [-1, 1], so "

            let leave = if isAsked then "" else ". --action-scaling none leaves them"

            $"{why}actions are scaled by {word normalization.ActionScaling}: {ranges raw.Columns normalization}{leave}"

            if not (fst (parted normalization)).IsEmpty then
                "an action that never changes in the data never changes in a policy"

            for i, share in beyond do
                if share > 0.0 then
                    $"{100.0 * share:G2} %% of the numbers of {name i} are outside its bounds, and count as the \
                      nearest bound"
        ]

    /// What to say of a trial's observations and actions.
    let remarks (raw: IDataset) (normalization: Normalization) (trial: Trial) : string list = [
        if normalization.ChangesObservations && trial.NormalizeObservations.IsNone && is trial.Data then
            "observations are standardised; --raw-observations leaves them"

        let beyond = 100.0 * raw.Statistics.ActionsOutside

        if normalization.ScalesActions then
            yield! scaled raw normalization trial.ActionScaling.IsSome
        elif beyond > 1.0 && not raw.ActionSpace.IsDiscrete then
            $"{beyond:F0} %% of the action numbers are outside [-1, 1], and no policy acts there. To scale them: \
              --action-scaling minmax"
    ]
