namespace Iql.Scripts

open System
open System.Globalization
open Iql.Data.Download
open Iql.Training

/// Published scores, in one place.
[<RequireQualifiedAccess>]
module Published =

    /// Every table, the one of the paper first.
    let tables: PublishedTable list = [
        for file in
            [
                "iql-paper"
                "corl"
                "iql-pytorch"
                "offlinerl-kit"
                "jax-corl"
                "d3rlpy"
                "iql-paper-online"
                "corl-online"
            ] do
            for text in (Resource.text $"{file}.txt").Split "\n\n" do
                match PublishedTable.read text with
                | Ok table -> table
                | Error problem -> failwith $"{file}.txt: {problem}"
    ]

    /// Every dataset that some table scores.
    let datasets: string list = tables |> List.collect (_.Rows >> List.map fst) |> List.distinct

    /// Every algorithm that some table scores.
    let algorithms: string list = tables |> List.collect _.Algorithms |> List.distinct

    /// How papers write an algorithm: "TD3+BC"; a name that none of them has stays as it is.
    let title (algorithm: string) : string =
        match algorithm with
        | "td3bc" -> "TD3+BC"
        | "onestep" -> "Onestep RL"
        | "rebrac" -> "ReBRAC"
        | "cal-ql" -> "Cal-QL"
        | "cal-ql-corl" -> "Cal-QL (CORL)"
        | "rlpd" -> "RLPD"
        | name when List.contains name algorithms -> name.ToUpperInvariant()
        | name -> name

    /// A table cut down to some datasets and algorithms; without either, all of them. Totals stay where all of their
    /// datasets do.
    let only (datasets: string list) (algorithms: string list) (table: PublishedTable) : PublishedTable =
        let among names name = List.isEmpty names || List.contains name names

        let cut values = List.zip table.Algorithms values |> List.filter (fst >> among algorithms) |> List.map snd

        {
            table with
                Algorithms = cut table.Algorithms
                Rows = [
                    for dataset, scores in table.Rows do
                        if among datasets dataset then
                            dataset, cut scores
                ]
                Totals = [
                    for total in table.Totals do
                        if
                            List.forall (among datasets) total.Datasets
                            && (datasets.IsEmpty || not total.Datasets.IsEmpty)
                        then
                            { total with Figures = cut total.Figures }
                ]
        }

    /// The columns that may stand beside scores of these tasks and algorithms: rows of the very same name, version
    /// and all, from tables of last policies.
    let beside (phase: PublishedPhase) (tasks: string list) (algorithms: string list) : PublishedTable list =
        tables
        |> List.filter (fun table -> table.Beside = Some phase)
        |> List.map (only tasks algorithms)
        |> List.filter (fun table -> not (table.Rows.IsEmpty || table.Algorithms.IsEmpty))

    /// Other versions of a dataset that tables score which may stand beside ours: of antmaze-umaze-v2 the paper has
    /// antmaze-umaze-v0. Each with its table; only tables without a row of the very same name.
    let otherVersions
        (phase: PublishedPhase)
        (dataset: string)
        (algorithms: string list)
        : (PublishedTable * string) list =
        let stem (name: string) =
            match (DatasetName.read name).Version with
            | Some version -> name.Substring(0, name.Length - $"-v{version}".Length)
            | None -> name

        [
            for table in tables do
                let names = List.map fst table.Rows

                let compared = table.Algorithms |> List.exists (fun name -> List.contains name algorithms)

                if table.Beside = Some phase && compared && not (List.contains dataset names) then
                    for name in names do
                        if stem name = stem dataset then
                            table, name
        ]

    /// Time steps in D4RL's files, where they are known.
    let private steps: Map<string, int64> =
        Map [
            let text = Resource.text "d4rl-steps.txt"

            for line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries) |> Seq.skip 1 do
                let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)

                for name in Seq.tail words do
                    name, Int64.Parse(words[0], CultureInfo.InvariantCulture)
        ]

    /// Whether a file is called after a dataset, or as D4RL calls the dataset's file.
    let private bearsName (dataset: string) (source: string) : bool =
        let name = DatasetName.ofPath source

        name = dataset
        || D4rlFile.Find dataset
           |> Option.ofObj
           |> Option.exists (fun file -> DatasetName.ofPath file.FileName = name)

    /// Why data are not D4RL's own file for a dataset, and what they are, in words; None where nothing speaks against
    /// it. Name, size (up to a twentieth of the time steps is lost where episodes end), and what a file says of
    /// itself tell.
    let foreignData
        (dataset: string)
        (source: string)
        (transitions: int64)
        (origin: DataOrigin option)
        : string option =
        let known = Map.tryFind dataset steps

        let theirs =
            known
            |> Option.map (fun steps -> $" (D4RL's has about {Plural.thousands steps})")
            |> Option.defaultValue ""

        let ofFile = $"{Plural.thousands transitions} transitions of the file {source}{theirs}"

        let unlike (steps: int64) = float transitions < 0.95 * float steps || float transitions > 1.01 * float steps

        match origin with
        | Some origin when origin.Collected || not origin.Policies.IsEmpty ->
            let share = DataOrigin.share transitions origin
            Some $"{share} of the file {source}{theirs}, which is not D4RL's: {DataOrigin.words origin}"
        | _ when source = "generated" ->
            Some $"{Plural.thousands transitions} transitions collected here{theirs}, not D4RL's file"
        | _ when not (bearsName dataset source) ->
            Some $"{ofFile}, which does not have the name of a D4RL file; its policies are unknown"
        | _ when Option.exists unlike known -> Some ofFile
        | _ -> None

    /// A table with its source as lines of text: rows in their order, every total below the rows it closes.
    let lines (table: PublishedTable) : string list =
        let number = PublishedTable.number table

        let orDash shown = Option.map shown >> Option.defaultValue "–"

        let score (score: PublishedScore) =
            match score.Spread with
            | None -> number score.Value
            | Some spread -> $"{number score.Value} ± {number spread}"

        // Totals whose rows are not known stand last.
        let totals (dataset: string option) = [
            for total in table.Totals do
                if List.tryLast total.Datasets = dataset then
                    $"{(string total.Kind).ToLowerInvariant()} {total.Name}" :: List.map (orDash number) total.Figures
        ]

        [
            $"{table.Title} ({table.Name}): {table.Source}"
            $"  {table.Protocol}"
            ""
            for line in
                TextTable.lines [
                    "dataset" :: List.map title table.Algorithms
                    for dataset, scores in table.Rows do
                        dataset :: List.map (orDash score) scores
                        yield! totals (Some dataset)
                    yield! totals None
                ] do
                "  " + line
        ]
