/// Tukey's studentised range: the range of k normal means over an independent estimate of their deviation.
[<RequireQualifiedAccess>]
module Iql.Scripts.StudentisedRange

open System.Collections.Concurrent

/// Points h apart around 0, out to where the log density has lost 38, and their shares of the whole.
let private trapezoid (h: float) (logDensity: float -> float) : (float * float)[] =
    let side (sign: float) =
        Seq.initInfinite (fun i -> sign * h * float (i + 1))
        |> Seq.takeWhile (fun x -> logDensity x > -38.0)

    let points = [| yield! side -1.0; 0.0; yield! side 1.0 |]
    let weights = points |> Array.map (logDensity >> exp)
    let whole = Array.sum weights
    Array.map2 (fun point weight -> point, weight / whole) points weights

let private normals: (float * float)[] = trapezoid 0.1 (fun z -> -z * z / 2.0)

/// P(range of k standard normals &lt;= w) = k ∫ φ(z) (Φ(z) − Φ(z − w))^(k − 1) dz.
let private range (k: int) (w: float) : float =
    let power = float (k - 1)

    normals
    |> Array.sumBy (fun (z, weight) -> weight * (Distribution.normal z - Distribution.normal (z - w)) ** power)
    |> (*) (float k)

/// P(Q &lt;= q) for k >= 2 means, and an estimate of their deviation with degrees of freedom > 0. Both integrals are
/// sums at even distances, which for such integrands converge faster than any power. Source: Copenhaver and Holland
/// 1988, "Computation of the distribution of the maximum studentized range statistic".
let share (k: int) (degrees: float) (q: float) : float =
    if q <= 0.0 then
        0.0
    else
        // The logarithm u of the estimate over the deviation has this density: ν u − ν (e^2u − 1) / 2.
        trapezoid (0.3 / sqrt degrees) (fun u -> degrees * (u - (exp (2.0 * u) - 1.0) / 2.0))
        |> Array.sumBy (fun (u, weight) -> weight * range k (q * exp u))

let private known = ConcurrentDictionary<struct (int * float * float), float>()

/// q with P(Q &lt;= q) = confidence, in (0, 1). Each is computed once, in some 20 ms.
let quantile (k: int) (degrees: float) (confidence: float) : float =
    known.GetOrAdd(
        struct (k, degrees, confidence),
        fun _ -> Distribution.root (fun q -> share k degrees q - confidence)
    )
