namespace Iql.Scripts

open Iql.Scripts.Statistics

/// How much the scores of cells vary over seeds, what a seed does to all cells taken out.
type Spread = {
    /// Variance of each cell, drawn towards the mean of all: a few seeds alone say too little.
    Variances: float[]
    /// Mean of the cells' variances.
    Mean: float
    /// Degrees of freedom of a cell's variance, rounded down, so that grids share bounds of Tukey's test.
    Degrees: float
    /// Degrees of freedom of the mean.
    MeanDegrees: float
}

/// Cells differ in spread: scores of 0 and of 100 hardly vary, those between do. Source: Smyth 2004, "Linear models and
/// empirical Bayes methods for assessing differential expression" (moderated variances).
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Spread =

    /// Of cells' own variances s² with K − 1 degrees of freedom, u = how uneven the true ones are: their variance
    /// over their squared mean. The mean then counts for (K − 1) / (K + 1) (4 + 2/u) degrees of freedom: the moments
    /// of an inverse gamma, less a part that keeps the error of Tukey's test below 6 % at three seeds
    /// (docs/statistics.md).
    let ofBlocks (blocks: Blocks) : Spread =
        let count, own = float blocks.Cells, float (blocks.Seeds - 1)
        let all = Blocks.degrees blocks

        let variances =
            Blocks.rest blocks
            |> Array.map (fun row -> Array.sumBy (fun x -> x * x) row / own * count / (count - 1.0))

        let centre = mean variances

        let uneven =
            if centre = 0.0 then
                0.0
            else
                max 0.0 ((own * (std variances / centre) ** 2.0 - 2.0) / (own + 2.0))

        let prior = min all (own / (own + 2.0) * (4.0 + 2.0 / uneven))

        {
            Variances = variances |> Array.map (fun variance -> (prior * centre + own * variance) / (prior + own))
            Mean = centre
            Degrees = floor (min all (prior + own))
            MeanDegrees = all / (1.0 + uneven)
        }
