namespace Iql.Scripts

/// Published scores, in one place.
[<RequireQualifiedAccess>]
module Published =

    /// Every table, the one of the paper first.
    let tables: PublishedTable list =
        [ PublishedPaper.table; PublishedCorl.last; PublishedCorl.best ]
        @ PublishedOthers.tables
        @ [ PublishedFineTuning.before; PublishedFineTuning.after ]

    /// Every dataset that some table scores.
    let datasets: string list =
        [
            for table in tables do
                yield! List.map fst table.Rows
        ]
        |> List.distinct

    /// Every algorithm that some table scores.
    let algorithms: string list =
        [
            for table in tables do
                yield! table.Algorithms
        ]
        |> List.distinct

    /// How papers write an algorithm: "TD3+BC"; a name that none of them has stays as it is.
    let title (algorithm: string) : string =
        match algorithm with
        | "td3bc" -> "TD3+BC"
        | "onestep" -> "Onestep RL"
        | "rebrac" -> "ReBRAC"
        | "cal-ql" -> "Cal-QL"
        | name when List.contains name algorithms -> name.ToUpperInvariant()
        | name -> name

    /// A table cut down to some datasets and algorithms; without either, all of them. Totals stay where all of their datasets do.
    let only (datasets: string list) (algorithms: string list) (table: PublishedTable) : PublishedTable =
        let kept = [
            for algorithm in table.Algorithms -> algorithms.IsEmpty || List.contains algorithm algorithms
        ]

        let cut values =
            List.zip kept values
            |> List.choose (fun (kept, value) -> if kept then Some value else None)

        let wanted dataset =
            datasets.IsEmpty || List.contains dataset datasets

        {
            table with
                Algorithms = cut table.Algorithms
                Rows = [
                    for dataset, scores in table.Rows do
                        if wanted dataset then
                            dataset, cut scores
                ]
                Totals = [
                    for total in table.Totals do
                        if
                            List.forall wanted total.Datasets
                            && (datasets.IsEmpty || not total.Datasets.IsEmpty)
                        then
                            {
                                total with
                                    Figures = cut total.Figures
                            }
                ]
        }

    /// The columns that may stand beside scores of these tasks and algorithms: rows of the very same name, version and all,
    /// from tables of last policies.
    let beside (tasks: string list) (algorithms: string list) : PublishedTable list =
        tables
        |> List.filter _.Beside
        |> List.map (only tasks algorithms)
        |> List.filter (fun table -> not (table.Rows.IsEmpty || table.Algorithms.IsEmpty))

    /// Time steps in D4RL's files, where they are known. Those of halfcheetah, of cloned Adroit and of hammer-human follow from
    /// how the files were made; the others are as people who loaded them report.
    let private steps: Map<string, int> =
        let locomotion name medium replay expert = [
            $"{name}-medium-v2", medium
            $"{name}-medium-replay-v2", replay
            $"{name}-medium-expert-v2", medium + expert
            $"{name}-expert-v2", expert
        ]

        Map(
            locomotion "halfcheetah" 1_000_000 202_000 1_000_000
            @ locomotion "hopper" 999_906 402_000 999_494
            @ locomotion "walker2d" 999_995 302_000 999_214
            @ [
                for maze in
                    [
                        "umaze"
                        "umaze-diverse"
                        "medium-play"
                        "medium-diverse"
                        "large-play"
                        "large-diverse"
                    ] do
                    for version in [ "v0"; "v2" ] do
                        yield $"antmaze-{maze}-{version}", 1_000_000
                yield "maze2d-umaze-v1", 1_000_000
                yield "maze2d-medium-v1", 2_000_000
                yield "maze2d-large-v1", 4_000_000
                for version in [ "v0"; "v1" ] do
                    yield $"pen-human-{version}", 5_000
                    yield $"pen-cloned-{version}", 500_000
                    yield $"hammer-human-{version}", 11_310
                    yield $"hammer-cloned-{version}", 1_000_000
                    yield $"door-human-{version}", 6_729
                    yield $"door-cloned-{version}", 1_000_000
                    yield $"relocate-human-{version}", 9_942
                    yield $"relocate-cloned-{version}", 1_000_000
            ]
        )

    /// Which versions of a dataset a table that may stand beside ours scores instead of this one: of antmaze-umaze-v2 the paper has
    /// antmaze-umaze-v0. Each with the table; only tables without a row of the very same name.
    let otherVersions (dataset: string) (algorithms: string list) : (PublishedTable * string) list =
        let stem (name: string) =
            match (DatasetName.read name).Version with
            | Some version -> name.Substring(0, name.Length - $"-v{version}".Length)
            | None -> name

        [
            for table in tables do
                let names = List.map fst table.Rows

                if
                    table.Beside
                    && not (List.contains dataset names)
                    && table.Algorithms |> List.exists (fun name -> List.contains name algorithms)
                then
                    for name in names do
                        if stem name = stem dataset then
                            table, name
        ]

    /// Whether a file is called after a dataset, or as D4RL calls the dataset's file.
    let private bearsName (dataset: string) (source: string) : bool =
        DatasetName.ofPath source = dataset
        || (match Iql.Data.Download.D4rlFile.Find dataset with
            | null -> false
            | file -> DatasetName.ofPath file.FileName = DatasetName.ofPath source)

    /// Why data are not D4RL's own file for a dataset, and what they are, in words; None where nothing speaks against it. Files are told
    /// by name, by size (up to a twentieth of the time steps is lost where episodes end), and by what they say of themselves.
    let foreignData
        (dataset: string)
        (source: string)
        (transitions: int64)
        (origin: DataOrigin option)
        : string option =
        let thousands (value: int64) =
            value.ToString("#,0", System.Globalization.CultureInfo.InvariantCulture).Replace(",", "\u202f")

        let theirs =
            match Map.tryFind dataset steps with
            | Some steps -> $" (D4RL's has about {thousands (int64 steps)})"
            | None -> ""

        let known =
            match origin with
            | Some origin when origin.Collected || not origin.Policies.IsEmpty -> Some origin
            | _ -> None

        match Map.tryFind dataset steps, known with
        | _, Some origin ->
            Some
                $"{DataOrigin.share transitions origin} of the file {source}{theirs}, which is not D4RL's: {DataOrigin.words origin}"
        | _ when source = "generated" ->
            Some $"{thousands transitions} transitions collected here{theirs}, not D4RL's file"
        | _ when not (bearsName dataset source) ->
            Some
                $"{thousands transitions} transitions of the file {source}{theirs}, whose name does not say that it is D4RL's; who acted in it is not known here"
        | Some steps, _ when float transitions < 0.95 * float steps || float transitions > 1.01 * float steps ->
            Some $"{thousands transitions} transitions of the file {source}{theirs}"
        | _ -> None
