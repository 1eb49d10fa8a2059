/// How many seeds tell a difference apart. Power is exact for normal scores: an F with one degree of freedom that is
/// noncentral by n δ² / variance. Source: Cohen 1988, "Statistical power analysis for the behavioral sciences",
/// chapter 2.
[<RequireQualifiedAccess>]
module Iql.Scripts.SeedsNeeded

open Iql

/// More seeds than anyone trains.
let private most = 10000

/// The least count from 2 on at which power is reached; None beyond ten thousand.
let private least (power: float) (powerOf: float -> float) : int option =
    let enough seeds = powerOf (float seeds) >= power

    let rec between low high =
        if high - low = 1 then
            high
        else
            let middle = (low + high) / 2
            if enough middle then between low middle else between middle high

    let rec bracket high =
        if enough high then Some(if high = 2 then 2 else between (high / 2) high)
        elif high > most then None
        else bracket (2 * high)

    bracket 2

/// Power of a test that tells apart where F exceeds a bound; where nothing varies, any difference is seen.
let private powerOf (degrees: float) (noncentrality: float) (bound: float) : float =
    if noncentrality > 1e6 then
        1.0
    else
        1.0 - Distribution.noncentralFisher 1.0 degrees noncentrality bound

let private check (error: float) (power: float) : unit =
    Check.Between(error, 0.0, 1.0, nameof error)
    Check.Between(power, 0.0, 1.0, nameof power)

let private student (error: float) (degrees: float) : float = Distribution.studentBound degrees (1.0 - error) ** 2.0

/// Common seeds of two methods, whose differences have a deviation, for a true difference of means to be told from 0
/// with `power` by a two-sided paired t test of an error; None beyond ten thousand.
let paired (error: float) (power: float) (deviation: float) (difference: float) : int option =
    check error power
    least power (fun n -> powerOf (n - 1.0) (n * (difference / deviation) ** 2.0) (student error (n - 1.0)))

/// Seeds of each of two methods without common seeds, whose scores have a deviation each: by a two-sided t test.
let unpaired (error: float) (power: float) (deviation: float) (difference: float) : int option =
    check error power

    least power (fun n ->
        powerOf (2.0 * n - 2.0) (n * (difference / deviation) ** 2.0 / 2.0) (student error (2.0 * n - 2.0)))

/// Tukey's test of a pair with a mean variance; with n seeds, cells borrow the degrees of freedom that they do now.
let private ofVariance (error: float) (power: float) (blocks: Blocks) (variance: float) (difference: float) =
    check error power
    let borrowed = (Spread.ofBlocks blocks).Degrees - float (blocks.Seeds - 1)

    least power (fun n ->
        let degrees = min (float (blocks.Cells - 1) * (n - 1.0)) (borrowed + n - 1.0)
        let q = StudentisedRange.quantile blocks.Cells degrees (1.0 - error)
        powerOf degrees (n * difference * difference / (2.0 * variance)) (q * q / 2.0))

/// Seeds of all cells for Tukey's test to tell two cells apart whose true means differ, at the mean spread of cells.
let ofCells (error: float) (power: float) (blocks: Blocks) (difference: float) : int option =
    ofVariance error power blocks (Spread.ofBlocks blocks).Mean difference

/// The same for two cells of the grid, at their spread, if the difference of their means is the true one.
let ofPair (error: float) (power: float) (blocks: Blocks) (a: int, b: int) : int option =
    let means, variances = Blocks.means blocks, (Spread.ofBlocks blocks).Variances
    ofVariance error power blocks ((variances[a] + variances[b]) / 2.0) (means[a] - means[b])
