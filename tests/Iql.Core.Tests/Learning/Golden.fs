/// Reading the golden traces: their tensors by name, their statistics, their summaries. The format's own page is
/// golden/README.md.
module Iql.Core.Tests.Learning.Golden

open System
open System.IO
open System.Text.Json
open Iql
open Iql.Core.Tests

type Case(path: string) =
    let root = JsonDocument.Parse(File.ReadAllText path).RootElement

    member _.Name = Path.GetFileNameWithoutExtension path
    member _.Seed = root.GetProperty("seed").GetString()

    member _.Dim(name: string) = root.GetProperty("dims").GetProperty(name).GetInt32()

    member _.Hidden = [
        for width in root.GetProperty("dims").GetProperty("hidden").EnumerateArray() -> width.GetInt32()
    ]

    member _.Hyper(name: string) = root.GetProperty("hyper").GetProperty name

    member case.Number name = case.Hyper(name).GetDouble()
    member case.Text name = case.Hyper(name).GetString()
    member _.Part(name: string) = root.GetProperty name
    member _.Steps = [ for step in root.GetProperty("steps").EnumerateArray() -> step ]

    /// Ten times the file's own gap between float32 and float64: of a statistic, of an entry.
    member _.FloatBounds =
        let gap (name: string) = root.GetProperty("float32_gap").GetProperty(name).GetDouble()

        10.0 * gap "statistic", 10.0 * gap "parameter"

/// The sets found beside the checkout ("../shared/golden/public" and others), cases of one algorithm.
let paths (pattern: string) =
    let folder = Path.Combine(Path.GetDirectoryName Repository.root, "shared", "golden")

    if Directory.Exists folder then
        Directory.GetFiles(folder, pattern, SearchOption.AllDirectories) |> Array.sort
    else
        [||]

/// A tensor of the generator: entry i from index i.
let tensor (name: string) count (entry: Seed -> uint64 -> float) =
    let seed = Seed.Named name
    Array.init count (fun i -> entry seed (uint64 i))

let uniform name count bound = tensor name count (fun seed i -> seed.Uniform(i, bound))

/// Weights and biases of one net, w0, b0, w1, …, sizes from input to output.
let network seed net (sizes: int list) = [
    for k, (inputs, outputs) in List.indexed (List.pairwise sizes) do
        let bound = 1.0 / sqrt (float inputs)
        $"w{k}", uniform $"{seed}/init/{net}/w{k}" (inputs * outputs) bound
        $"b{k}", uniform $"{seed}/init/{net}/b{k}" outputs bound
]

/// The minibatch of a step, under our names and theirs.
let batch (case: Case) step = [
    let rows, name = case.Dim "batch", $"{case.Seed}/batch/{step}/"
    let observations, actions = rows * case.Dim "obs", rows * case.Dim "act"
    "observations", "obs", uniform (name + "obs") observations 1.0
    "actions", "act", uniform (name + "act") actions 0.95
    "rewards", "rew", uniform (name + "rew") rows 1.0
    "terminals", "done", tensor (name + "done") rows (fun seed i -> if seed.Unit i < 0.1 then 1.0 else 0.0)
    "nextObservations", "next_obs", uniform (name + "next_obs") observations 1.0
    "nextActions", "next_act", uniform (name + "next_act") actions 0.95
]

/// How far a number is off, relative to 1 + |expected|.
let deviation expected actual = if Double.IsNaN actual then infinity else abs (actual - expected) / (1.0 + abs expected)

/// Where numbers differ from the file: what, expected, actual, deviation as a share of the tolerance.
type Difference = { What: string; Expected: float; Actual: float; Share: float }

let private compare what tolerance expected actual = {
    What = what
    Expected = expected
    Actual = actual
    Share = deviation expected actual / tolerance
}

/// One statistic of a step.
let statistic what tolerance (expected: JsonElement) actual = compare what tolerance (expected.GetDouble()) actual

/// A tensor's summary: count, sum, sum of squares, first and last entries, and all values where the file has them.
/// A sum of n entries may be off by n times an entry's tolerance; a sum of squares by 2 √(n · sum) times it.
let summary what tolerance (expected: JsonElement) (actual: float[]) = [
    let count =
        Seq.fold
            (fun product (extent: JsonElement) -> product * extent.GetInt32())
            1
            (expected.GetProperty("shape").EnumerateArray())

    compare $"{what} count" 1e-12 (float count) (float actual.Length)

    let entries (name: string) = [| for entry in expected.GetProperty(name).EnumerateArray() -> entry.GetDouble() |]

    let sum, sumsq = expected.GetProperty("sum").GetDouble(), expected.GetProperty("sumsq").GetDouble()

    // Double precision: entries and sums alike, as the format's page demands; float32: its bound for sums.
    let strict = tolerance <= 1e-9
    let n = float count
    let sumTolerance = if strict then tolerance else n * tolerance

    let sumsqTolerance = if strict then tolerance else 2.0 * sqrt (n * sumsq) * tolerance + tolerance

    compare $"{what} sum" sumTolerance sum (Array.sum actual)
    compare $"{what} sumsq" sumsqTolerance sumsq (Array.sumBy (fun x -> x * x) actual)

    let first, last = entries "first", entries "last"

    for i in 0 .. first.Length - 1 do
        compare $"{what}[{i}]" tolerance first[i] actual[i]
        compare $"{what}[^{last.Length - i}]" tolerance last[i] actual[actual.Length - last.Length + i]

    match expected.TryGetProperty "values" with
    | true, _ ->
        let flat = [|
            let rec walk (element: JsonElement) = seq {
                if element.ValueKind = JsonValueKind.Array then
                    for inner in element.EnumerateArray() do
                        yield! walk inner
                else
                    element.GetDouble()
            }

            yield! walk (expected.GetProperty "values")
        |]

        for i in 0 .. flat.Length - 1 do
            compare $"{what}[{i}]" tolerance flat[i] actual[i]
    | _ -> ()
]

/// The largest deviation, or a failure that names the first ones beyond the tolerance.
let assertClose (case: Case) (differences: Difference list) =
    match differences |> List.filter (fun difference -> not (difference.Share <= 1.0)) with
    | [] -> differences |> List.map _.Share |> List.max
    | wrong ->
        wrong
        |> List.truncate 8
        |> List.map (fun d -> $"{d.What}: expected {d.Expected:R}, got {d.Actual:R} ({d.Share:G3} × the tolerance)")
        |> String.concat "\n"
        |> fun lines -> failwith $"{case.Name}: {wrong.Length} of {differences.Length} numbers differ\n{lines}"
