namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// The share of a grid's variance that one axis, or several axes together beyond each alone, explains.
type VarianceShare = {
    /// The axes, by index: one for a main effect, two for what both do together.
    Axes: int list
    /// ω², and the interval around it; shares in [0, 1].
    Share: Estimate
    /// Probability of an F at least as large where the axes do nothing.
    Chance: float
}

/// Shares of a full grid's variance; with that of the seeds they add up to 1.
type VarianceShares = {
    Effects: VarianceShare list
    /// What is left to seeds: what a seed does to all cells alike, and the rest.
    Seeds: Estimate
}

/// Analysis of variance of a full grid, seeds as blocks. Source: Hays 1963, "Statistics for psychologists" (ω²);
/// Steiger 2004, "Beyond the F test" (noncentral F); Zou and Donner 2008, "Construction of confidence limits about
/// effect measures" (limits of sums and ratios from those of their parts).
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module VarianceShares =

    /// A variance in units of the rest's variance, and limits of it.
    type private Part = { Value: float; Low: float; High: float }

    let private sum (parts: Part list) : Part =
        let value = parts |> List.sumBy _.Value
        let away limit = parts |> List.sumBy (fun part -> (limit part - part.Value) ** 2.0) |> sqrt

        { Value = value; Low = value - away _.Low; High = value + away _.High }

    /// a / (a + b) and its limits: those of ln a − ln b from those of both.
    let private share (a: Part) (b: Part) : Estimate =
        let ratio toA toB sign =
            if a.Value = 0.0 then
                toA / b.Value
            else
                let steps = log (toA / a.Value) ** 2.0 + log (toB / b.Value) ** 2.0
                a.Value / b.Value * exp (sign * sqrt steps)

        let share ratio = if System.Double.IsFinite ratio then ratio / (1.0 + ratio) else 1.0

        if b.Value = 0.0 then
            estimateOf 1.0 None
        else
            {
                Value = share (a.Value / b.Value)
                Interval = {
                    Low = if a.Low <= 0.0 then 0.0 else share (ratio a.Low b.High -1.0)
                    High = share (ratio a.High b.Low 1.0)
                }
            }

    /// All choices of axes but the empty one, fewest first.
    let private choices (axes: int) : int list list = [
        for mask in 1 .. (1 <<< axes) - 1 ->
            [
                for axis in 0 .. axes - 1 do
                    if mask >>> axis &&& 1 = 1 then
                        axis
            ]
    ]

    /// What chosen axes do beyond each smaller choice of them, cell by cell: means over cells that agree on a choice,
    /// with alternating signs.
    let private effect (lengths: int list) (means: float[]) (axes: int list) : float[] =
        let strides = List.scanBack (*) lengths 1 |> List.tail
        let place cell axis = cell / strides[axis] % lengths[axis]
        let smaller = [] :: (choices axes.Length |> List.map (List.map (fun i -> axes[i])))

        smaller
        |> List.map (fun choice ->
            let key cell = choice |> List.map (place cell)
            let sign = if (axes.Length - choice.Length) % 2 = 0 then 1.0 else -1.0

            let levels =
                Array.indexed means
                |> Array.groupBy (fst >> key)
                |> Array.map (fun (key, cells) -> key, sign * Array.averageBy snd cells)
                |> dict

            Array.init means.Length (fun cell -> levels[key cell]))
        |> List.reduce (Array.map2 (+))

    /// Shares of a full grid; None where all scores are equal. Cells lie in order of the axes' values, the last axis
    /// fastest: `lengths` are the axes' numbers of values, each at least 2, and their product is the number of cells.
    /// confidence in (0, 1). What a seed does to all cells is drawn with the seed, and what an axis does is not.
    let ofGrid (confidence: float) (lengths: int list) (blocks: Blocks) : VarianceShares option =
        Check.Between(confidence, 0.0, 1.0, nameof confidence)
        Check.AtLeast(List.min lengths, 2, nameof lengths, "Leave axes with one value out.")
        let product = List.reduce (*) lengths
        Check.That((product = blocks.Cells), nameof lengths, $"a product of {blocks.Cells} cells", product)
        let means, spread = Blocks.means blocks, Spread.ofBlocks blocks
        let below = spread.MeanDegrees
        let all, seeds = float (blocks.Cells * blocks.Seeds), float blocks.Seeds
        let variance = Array.concat blocks.Scores |> Array.map (fun x -> (x - mean means) ** 2.0) |> mean
        // Where nothing is left over, a thousandth of the scores' deviation stands for it.
        let rest = max spread.Mean (1e-6 * variance)
        let low, high = (1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0

        let part value low high : Part = {
            Value = max 0.0 value
            Low = min low (max 0.0 value)
            High = max high (max 0.0 value)
        }

        if variance = 0.0 then
            None
        else
            let effects = [
                for axes in choices lengths.Length ->
                    let above = axes |> List.map (fun axis -> float (lengths[axis] - 1)) |> List.reduce (*)
                    let squares = seeds * Array.sumBy (fun x -> x * x) (effect lengths means axes)
                    let f = squares / above / rest
                    let limit = Distribution.noncentrality above below f
                    axes, 1.0 - Distribution.fisher above below f, part (above * (f - 1.0)) (limit high) (limit low)
            ]

            let block =
                let spread = Blocks.seedMeans blocks |> std
                let f = float blocks.Cells * spread * spread / rest
                let ofRatio ratio = seeds * (ratio - 1.0) |> max 0.0
                let limit share = ofRatio (f / Distribution.fisherQuantile (seeds - 1.0) below share)
                part (ofRatio f) (limit high) (limit low)

            let others = [ block; part all all all ]

            Some {
                Effects = [
                    for axes, chance, part in effects ->
                        let rest = [
                            for other, _, part in effects do
                                if other <> axes then
                                    part
                        ]

                        { Axes = axes; Share = share part (sum (rest @ others)); Chance = chance }
                ]
                Seeds = share (sum others) (sum [ for _, _, part in effects -> part ])
            }
