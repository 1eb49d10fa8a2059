/// Distribution functions that .NET lacks. Tests compare them with tables and with 30-digit arithmetic.
[<RequireQualifiedAccess>]
module Iql.Scripts.Distribution

open System

/// The x >= 0 at which a rising function crosses 0; 0 where it is not below 0 there, infinite beyond 1e12. By false
/// positions, of which one that stays counts half. Source: Dowell and Jarratt 1971, "A modified regula falsi method".
let root (f: float -> float) : float =
    let rec narrow (a, atA) (b, atB) steps =
        let c = b - atB * (b - a) / (atB - atA)
        let atC = f c

        if atC = 0.0 || steps = 0 || abs (c - b) <= 1e-13 * abs c then c
        elif sign atC = sign atB then narrow (a, atA / 2.0) (c, atC) (steps - 1)
        else narrow (b, atB) (c, atC) (steps - 1)

    let rec bracket (low, atLow) high =
        let atHigh = f high

        if atHigh >= 0.0 then narrow (low, atLow) (high, atHigh) 100
        elif high > 1e12 then infinity
        else bracket (high, atHigh) (2.0 * high)

    let atZero = f 0.0
    if atZero >= 0.0 then 0.0 else bracket (0.0, atZero) 1.0

let private polynomial (coefficients: float[]) (x: float) : float =
    let mutable sum = 0.0

    for coefficient in coefficients do
        sum <- sum * x + coefficient

    sum

let private hartAbove = [|
    3.52624965998911e-02
    0.700383064443688
    6.37396220353165
    33.912866078383
    112.079291497871
    221.213596169931
    220.206867912376
|]

let private hartBelow = [|
    8.83883476483184e-02
    1.75566716318264
    16.064177579207
    86.7807322029461
    296.564248779674
    637.333633378831
    793.826512519948
    440.413735824752
|]

/// P(Z &lt;= z) of the standard normal, to 1e-15; to eight digits of itself where it is smaller. Source: Hart et al.
/// 1968, "Computer approximations", no. 5666; West 2005, "Better approximations to cumulative normal functions".
let normal (z: float) : float =
    let x = abs z

    let tail =
        if x < 7.07106781186547 then
            exp (-x * x / 2.0) * polynomial hartAbove x / polynomial hartBelow x
        else
            exp (-x * x / 2.0)
            / (x + 1.0 / (x + 2.0 / (x + 3.0 / (x + 4.0 / (x + 0.65)))))
            / sqrt (2.0 * Math.PI)

    if z > 0.0 then 1.0 - tail else tail

/// z with P(Z &lt;= z) = share; share in (0, 1).
let rec normalQuantile (share: float) : float =
    if share < 0.5 then -(normalQuantile (1.0 - share)) else root (fun z -> normal z - share)

let private stirling = [| -691.0 / 360360.0; 1.0 / 1188.0; -1.0 / 1680.0; 1.0 / 1260.0; -1.0 / 360.0; 1.0 / 12.0 |]

/// ln Γ(x) for x > 0, by Stirling's series from 10 on and Γ(x + 1) = x Γ(x) below. Source: DLMF 5.11.1, 5.5.1.
let rec logGamma (x: float) : float =
    if x < 10.0 then
        logGamma (x + 1.0) - log x
    else
        (x - 0.5) * log x - x + log (2.0 * Math.PI) / 2.0 + polynomial stirling (1.0 / (x * x)) / x

/// ln of x^a (1 − x)^b / (a B(a, b)), by which I_x(a, b) exceeds I_x(a + 1, b). Source: DLMF 8.17.20.
let private logStep (a: float) (b: float) (x: float) : float =
    a * log x + b * log (1.0 - x) + logGamma (a + b) - logGamma (a + 1.0) - logGamma b

/// The regularised incomplete beta function I_x(a, b), from its continued fraction; a, b > 0. Source: DLMF 8.17.22.
let rec incompleteBeta (a: float) (b: float) (x: float) : float =
    if x <= 0.0 then
        0.0
    elif x >= 1.0 then
        1.0
    elif x > (a + 1.0) / (a + b + 2.0) then
        1.0 - incompleteBeta b a (1.0 - x)
    else
        let mutable fraction = 1.0
        // The terms that count grow with the root of the greater argument.
        for m in 30 + int (3.0 * sqrt (max a b)) .. -1 .. 0 do
            let n = float m
            let even = (n + 1.0) * (b - n - 1.0) * x / ((a + 2.0 * n + 1.0) * (a + 2.0 * n + 2.0))
            let odd = -(a + n) * (a + b + n) * x / ((a + 2.0 * n) * (a + 2.0 * n + 1.0))
            fraction <- 1.0 + odd / (1.0 + even / fraction)

        exp (logStep a b x) / fraction

/// P(|T| &lt;= t) of Student's t; degrees of freedom > 0.
let studentWithin (degrees: float) (t: float) : float =
    1.0 - incompleteBeta (degrees / 2.0) 0.5 (degrees / (degrees + t * t))

/// t with P(|T| &lt;= t) = confidence, in (0, 1).
let studentBound (degrees: float) (confidence: float) : float = root (fun t -> studentWithin degrees t - confidence)

/// P(F &lt;= f) of Fisher's F with two degrees of freedom.
let fisher (above: float) (below: float) (f: float) : float =
    incompleteBeta (above / 2.0) (below / 2.0) (above * f / (above * f + below))

/// f with P(F &lt;= f) = share, in (0, 1).
let fisherQuantile (above: float) (below: float) (share: float) : float = root (fun f -> fisher above below f - share)

/// P(F &lt;= f) of the noncentral F: Σ_j Poisson(j; λ/2) I_x(above/2 + j, below/2), x = above f / (above f + below),
/// λ >= 0. Summed downwards, which loses no digits. Source: Johnson, Kotz and Balakrishnan 1995, "Continuous
/// univariate distributions" 2, chapter 30.
let noncentralFisher (above: float) (below: float) (noncentrality: float) (f: float) : float =
    let a, b, mean = above / 2.0, below / 2.0, noncentrality / 2.0
    let x = above * f / (above * f + below)

    if not (mean > 0.0 && f > 0.0) then
        fisher above below (max 0.0 f)
    else
        // Beyond ten deviations of the Poisson nothing is left.
        let reach = 10.0 * sqrt mean + 40.0
        let top = ceil (mean + reach)
        let mutable share = incompleteBeta (a + top) b x
        let mutable step = logStep (a + top) b x
        let mutable weight = top * log mean - mean - logGamma (top + 1.0)
        let mutable sum = exp weight * share

        for j in top .. -1.0 .. max 1.0 (floor (mean - reach)) do
            step <- step + log ((a + j) / (x * (a + j + b - 1.0)))
            share <- share + exp step
            weight <- weight + log (j / mean)
            sum <- sum + exp weight * share

        sum

/// The noncentrality λ >= 0 at which P(F &lt;= f) is a share: 0 where even λ = 0 gives less.
let noncentrality (above: float) (below: float) (f: float) (share: float) : float =
    root (fun noncentrality -> share - noncentralFisher above below noncentrality f)
