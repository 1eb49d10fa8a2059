/// The decision transformer's network in double precision, token by token: lists and loops, no padding, no masks, no
/// batch.
module Iql.Core.Tests.Learning.SequenceOracle

/// Numbers of a parameter by its name in the network.
type Parameters = string -> float[]

/// One step of an episode: its number in it, the (scaled) return to go, what is seen and what is done.
type Step = { Timestep: int; ReturnToGo: float; Observation: float[]; Action: float[] }

let private linear (p: Parameters) name (x: float[]) =
    let w, b = p $"{name}/w", p $"{name}/b"

    Array.init b.Length (fun j -> b[j] + Seq.sum (seq { for i in 0 .. x.Length - 1 -> x[i] * w[i * b.Length + j] }))

let private norm (p: Parameters) name (x: float[]) =
    let mean = Array.average x
    let variance = x |> Array.averageBy (fun x -> (x - mean) ** 2.0)

    Array.map3
        (fun x gain bias -> (x - mean) / sqrt (variance + 1e-5) * gain + bias)
        x
        (p $"{name}/gain")
        (p $"{name}/bias")

/// Token number t's attention to itself and those before it.
let private attend heads (projected: float[] list) t =
    let width = projected.Head.Length / 3
    let size = width / heads

    Array.concat [
        for head in 0 .. heads - 1 do
            let part number (x: float[]) = x[number * width + head * size .. number * width + (head + 1) * size - 1]

            let query = part 0 projected[t]
            let seen = List.truncate (t + 1) projected

            let weights = [
                for other in seen -> exp (Array.sum (Array.map2 (*) query (part 1 other)) / sqrt (float size))
            ]

            Array.init size (fun i ->
                List.sum (List.map2 (fun weight other -> weight * (part 2 other)[i]) weights seen)
                / List.sum weights)
    ]

/// The action after every step's observation.
let actions (p: Parameters) layers heads (activate: float -> float) (steps: Step list) : float[] list =
    let plus = Array.map2 (+)

    let tokens = [
        for step in steps do
            let table = p "embedTimestep/w"
            let width = (p "embedNorm/gain").Length
            let time = table[step.Timestep * width .. (step.Timestep + 1) * width - 1]

            for name, numbers in
                [
                    "embedReturn", [| step.ReturnToGo |]
                    "embedObservation", step.Observation
                    "embedAction", step.Action
                ] do
                norm p "embedNorm" (plus (linear p name numbers) time)
    ]

    let block k (x: float[] list) =
        let at part = $"block{k}/{part}"
        let projected = [ for token in x -> linear p (at "attention") (norm p (at "norm1") token) ]

        [
            for t, token in List.indexed x do
                let mixed = plus token (linear p (at "project") (attend heads projected t))
                let wide = linear p (at "widen") (norm p (at "norm2") mixed)
                plus mixed (linear p (at "narrow") (Array.map activate wide))
        ]

    let final = List.fold (fun x k -> block k x) tokens [ 0 .. layers - 1 ]

    [
        for i in 0 .. steps.Length - 1 -> linear p "head" (norm p "finalNorm" final[3 * i + 1]) |> Array.map tanh
    ]
