namespace Iql.Scripts

/// The cells of a sweep that can be compared seed by seed, with what tells them apart.
type Grid = {
    /// The axes that vary and their values, where every combination is a cell; otherwise none.
    Axes: (string * string list) list
    /// The cells, in order of the axes' values, the last axis fastest; they share at least two seeds.
    Cells: ResultGroup list
    /// Cells that have too few of the others' seeds.
    Others: ResultGroup list
    /// Final numbers of the cells on their common seeds.
    Blocks: Blocks
    /// All cells compared at once.
    Tukey: Tukey
}

/// From runs to the statistics of grids.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Grid =

    let private finals (measure: Measure) (cell: ResultGroup) : Map<uint64, float> =
        Map [
            for run in cell.Runs do
                for score in Option.toList (Run.final measure run) -> run.Config.Seed, score
        ]

    /// In order of the axes' values.
    let private sorted (axes: (string * string list) list) (cells: ResultGroup list) : ResultGroup list =
        cells
        |> List.sortBy (fun cell -> [
            for name, values in axes -> List.findIndex ((=) (ResultGroups.at name cell)) values
        ])

    /// The grid of groups that have the same axes; None where fewer than two of them share two finished seeds. Cells
    /// that lack seeds are left out where more scores are compared without them.
    let ofGroups (measure: Measure) (groups: ResultGroup list) : Grid option =
        let axes = [
            for name in groups |> List.collect (_.Values >> List.map fst) |> List.distinct do
                match ResultGroups.values name groups with
                | _ :: _ :: _ as values -> name, values
                | _ -> ()
        ]

        let cells = [ for cell in sorted axes groups -> cell, finals measure cell ]

        let attempts = [
            for least in cells |> List.map (snd >> Map.count) |> List.distinct do
                let kept = cells |> List.filter (fun (_, scores) -> scores.Count >= least)

                for blocks in Option.toList (Blocks.common (kept |> List.map snd |> Array.ofList)) ->
                    List.map fst kept, blocks
        ]

        match attempts with
        | [] -> None
        | attempts ->
            let kept, blocks = attempts |> List.maxBy (fun (_, blocks) -> blocks.Cells * blocks.Seeds)
            let isFull = List.fold (fun cells (_, values) -> cells * List.length values) 1 axes = kept.Length

            Some {
                Axes = if isFull then axes else []
                Cells = kept
                Others = groups |> List.except kept
                Blocks = blocks
                Tukey = Tukey.ofBlocks RunSummary.confidence blocks
            }

    let private place (cell: ResultGroup) (grid: Grid) : int option =
        grid.Cells |> List.tryFindIndex (fun other -> other.Values = cell.Values)

    /// The difference of two cells' means, a − b, with its interval, which holds for all pairs at once; None where one
    /// is not compared.
    let difference (a: ResultGroup) (b: ResultGroup) (grid: Grid) : Statistics.Estimate option =
        match place a grid, place b grid with
        | Some a, Some b -> Some(Tukey.difference grid.Tukey a b)
        | _ -> None

    /// The cells that cannot be told from the one with the best mean, itself among them.
    let besideBest (grid: Grid) : ResultGroup list = [ for i in Tukey.besideBest grid.Tukey -> List.item i grid.Cells ]

    /// Means over the cells that agree on some axes, seed by seed, in the cells' order.
    let over (names: string list) (grid: Grid) : ((string * string) list * float[]) list =
        List.zip grid.Cells (List.ofArray grid.Blocks.Scores)
        |> List.groupBy (fun (cell, _) -> [ for name in names -> name, ResultGroups.at name cell ])
        |> List.map (fun (values, cells) -> values, cells |> Seq.map snd |> Array.transpose |> Array.map Array.average)

    /// What each axis, and several together, explain of a full grid; None where a cell is missing or all are equal.
    let shares (grid: Grid) : VarianceShares option =
        match grid.Axes with
        | [] -> None
        | axes -> VarianceShares.ofGrid RunSummary.confidence [ for _, values in axes -> values.Length ] grid.Blocks

    /// An axis by its numbers: logarithmic where they are positive and span a factor of ten.
    let private spacing (values: string list) : float[] =
        let numbers = values |> List.map (ResultGroups.number >> Option.defaultValue nan) |> Array.ofList
        Robustness.spacing (Array.head numbers > 0.0 && Array.last numbers >= 10.0 * Array.head numbers) numbers

    /// Weights of a full grid's cells by the spacing of the axes; equal ones where a cell is missing.
    let weights (grid: Grid) : float[] =
        match grid.Axes with
        | [] -> Array.create grid.Cells.Length (1.0 / float grid.Cells.Length)
        | axes -> axes |> List.map (snd >> spacing) |> Robustness.weights
