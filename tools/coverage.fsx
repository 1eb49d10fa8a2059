// Simulates how often each interval of the statistics holds the truth, and writes the tables of docs/statistics.md.
#load "../scripts/prelude.fsx"

open System
open System.IO
open Iql
open Iql.Scripts
open Iql.Scripts.Statistics

let help =
    """Simulates every interval at 3, 5 and 10 seeds and writes the tables of docs/statistics.md. Five minutes.

  dotnet build -c Release
  dotnet fsi tools/coverage.fsx            1,000 grids a number, 4,000 of equal cells
  dotnet fsi tools/coverage.fsx 50         fewer grids, and only shows the tables"""

let arguments = Array.tail fsi.CommandLineArgs

if arguments |> Array.exists (fun text -> not (Seq.forall Char.IsDigit text)) then
    printfn "%s" help
    exit 2

let grids = if arguments.Length = 0 then 1000 else int arguments[0]
let page = Path.Combine(__SOURCE_DIRECTORY__, "..", "docs", "statistics.md")
let counts = [ 3; 5; 10 ]
let lengths = [ 5; 5 ]
let cells = 25

/// A score of a cell with a mean: what the seed does to all cells and what is its own come from the seed's draws.
type Noise = { Name: string; Score: Seed -> int -> float -> float }

let own (draws: Seed) (cell: int) : float = draws.Split("own").Normal(uint64 cell)
let all (draws: Seed) : float = draws.Split("all").Normal 0UL

let successes (draws: Seed) (cell: int) (share: float) : float =
    let episodes = draws.Split("episodes").Split(uint64 cell)
    Seq.init 50 (fun i -> if episodes.Unit(uint64 i) < share then 2.0 else 0.0) |> Seq.sum

let noises = [
    {
        Name = "even"
        Score = fun draws cell mean -> mean + 5.0 * all draws + 10.0 * own draws cell
    }
    {
        Name = "uneven"
        Score = fun draws cell mean -> mean + (3.0 + 14.0 * float (cell * 7 % cells) / 24.0) * own draws cell
    }
    {
        Name = "successes"
        Score = fun draws cell mean -> successes draws cell (mean / 100.0 + 0.1 * own draws cell)
    }
]

/// Means of the grid: the first axis explains 62 %, the second 11 %, both together 9 %, where noise is even.
let pattern: float[] =
    let linear = [| -2.0; -1.0; 0.0; 1.0; 2.0 |] |> Array.map (fun x -> x / sqrt 2.0)
    let bent = [| 2.0; -1.0; -2.0; -1.0; 2.0 |] |> Array.map (fun x -> x / sqrt 2.8)
    let unit = sqrt (125.0 / 18.0)

    Array.allPairs [| 0..4 |] [| 0..4 |]
    |> Array.map (fun (i, j) ->
        50.0 + unit * (sqrt 62.0 * linear[i] + sqrt 11.0 * bent[j] + 3.0 * linear[i] * linear[j]))

let flat: float[] = Array.create cells 50.0

let draw (purpose: string) (noise: Noise) (means: float[]) (seeds: int) (grid: int) : Blocks =
    let draws = Seed.Named("coverage").Split(purpose).Split(noise.Name).Split(uint64 grid)

    Blocks.ofRows (
        means
        |> Array.mapi (fun cell mean -> Array.init seeds (fun k -> noise.Score (draws.Split(uint64 k)) cell mean))
    )

let holds (truth: float) (estimate: Estimate) : bool =
    estimate.Interval.Low <= truth + 1e-9 && truth - 1e-9 <= estimate.Interval.High

let percent (results: bool[]) : string =
    let share = results |> Array.averageBy (fun held -> if held then 100.0 else 0.0)
    $"{share:F1}"

let how: Bootstrap = { Seed = Seed.Named "coverage bootstrap"; Replicates = 400; Confidence = 0.95 }

let table (head: string) (rows: (string * string list) list) : string =
    let line cells = "| " + String.concat " | " cells + " |"

    [
        yield line (head :: [ for count in counts -> $"{count} seeds" ])
        yield "|---|" + String.concat "" [ for _ in counts -> "---:|" ]
        yield! [ for name, cells in rows -> line (name :: cells) ]
    ]
    |> String.concat "\n"

// --- Equal cells: is anything told apart?

/// The best cell against each other one by bootstrapped differences with Holm's correction: what the page warns of.
let bootstrapFindsSomething (blocks: Blocks) : bool =
    let best = Blocks.best blocks
    let least = how.Confidence

    Array.init cells id
    |> Array.filter ((<>) best)
    |> Array.exists (fun cell ->
        let differences = Array.map2 (-) blocks.Scores[best] blocks.Scores[cell]
        // Holm's first step: the least of 24 probabilities below 5 % / 24.
        let strict = { how with Replicates = 1000; Confidence = 1.0 - (1.0 - least) / float (cells - 1) }
        (bootstrap strict mean differences).Interval.Low > 0.0)

let tukeyFindsSomething (blocks: Blocks) : bool = (Tukey.besideBest (Tukey.ofBlocks 0.95 blocks)).Length < cells

/// Tukey's test as in textbooks, with one variance for all cells.
let onePooledFindsSomething (blocks: Blocks) : bool =
    let q = StudentisedRange.quantile cells (Blocks.degrees blocks) 0.95
    let reach = q * sqrt ((Spread.ofBlocks blocks).Mean / 2.0 / float blocks.Seeds)

    let tukey = { Confidence = 0.95; Means = Blocks.means blocks; Reach = Array.create cells reach }
    (Tukey.besideBest tukey).Length < cells

let found (grids: int) (test: Blocks -> bool) (noise: Noise) : string list = [
    for seeds in counts -> Array.Parallel.init grids (draw "flat" noise flat seeds >> test) |> percent
]

let family =
    table "grids of equal cells in which a difference is found, %" [
        for noise in noises do
            yield $"Tukey; noise: {noise.Name}", found (4 * grids) tukeyFindsSomething noise

        yield "Tukey with one variance for all cells; noise: uneven", found grids onePooledFindsSomething noises[1]
        yield "bootstrap and Holm; noise: even", found (grids / 2) bootstrapFindsSomething noises[0]
    ]

// --- A grid with effects: do intervals hold the truth?

/// A statistic of a grid: its intervals, from what twenty thousand seeds say is true.
type Statistic = { About: string; Judge: Blocks -> Blocks -> bool }

let tasks (row: int) (blocks: Blocks) : float[][] = blocks.Scores[5 * row .. 5 * row + 4]

let ofTruth (about: string) (value: Blocks -> float) (estimate: Blocks -> Estimate) : Statistic = {
    About = about
    Judge =
        fun truth ->
            let value = value truth
            estimate >> holds value
}

/// A statistic of one row's cells as five tasks, by the stratified bootstrap.
let ofTasks (about: string) (statistic: float[][] -> float) : Statistic =
    ofTruth about (tasks 2 >> statistic) (tasks 2 >> bootstrapTasks how statistic)

let shares (blocks: Blocks) : VarianceShares = (VarianceShares.ofGrid 0.95 lengths blocks).Value

let share (about: string) (number: int) : Statistic =
    let ofShares (shares: VarianceShares) = if number < 3 then shares.Effects[number].Share else shares.Seeds

    ofTruth about (shares >> ofShares >> _.Value) (shares >> ofShares)

let four (blocks: Blocks) : Blocks[] = [|
    for turn in [ 0; 5; 11; 17 ] -> Blocks.ofRows (Array.init cells (fun cell -> blocks.Scores[(cell + turn) % cells]))
|]

/// A number that is related to the scores of each cell, beside them: the sum of the cell's and another cell's scores.
let related (blocks: Blocks) : (float[] * float[])[] =
    Array.init cells (fun cell ->
        Array.map2 (+) blocks.Scores[cell] blocks.Scores[(cell + 7) % cells], blocks.Scores[cell])

/// A statistic of means of numbers and scores, with the report's bootstrap over seeds.
let ofRelated (about: string) (statistic: float[] -> float[] -> float) : Statistic =
    let value (pairs: (float[] * float[])[]) = statistic (Array.map (fst >> mean) pairs) (Array.map (snd >> mean) pairs)

    ofTruth about (related >> value) (fun blocks ->
        let pairs = related blocks

        let pick (runs: float[][]) =
            Array.map2
                (fun (numbers: float[], scores: float[]) (chosen: float[]) ->
                    let take (values: float[]) = chosen |> Array.map (fun i -> values[int i])
                    take numbers, take scores)
                pairs
                runs

        pairs
        |> Array.map (fun (numbers, _) -> Array.init numbers.Length float)
        |> bootstrapTasks how (pick >> value))

let statistics = [
    {
        About = "all differences of cells at once, Tukey"
        Judge =
            fun truth ->
                let means = Blocks.means truth

                fun blocks ->
                    let tukey = Tukey.ofBlocks 0.95 blocks
                    // The test of what the means are off by: no two of these may be apart.
                    let off = { tukey with Means = Array.map2 (-) tukey.Means means }
                    (Tukey.besideBest off).Length = cells
    }
    {
        About = "robustness volume, the whole curve at once"
        Judge =
            fun truth ->
                let exact = { Tukey.ofBlocks 0.95 truth with Reach = Array.zeroCreate cells }
                let volume = Robustness.volume (Array.create cells (1.0 / float cells))
                let truths = [ for epsilon in 0.5 .. 60.0 -> epsilon, (volume exact epsilon).Value ]

                fun blocks ->
                    let curve = volume (Tukey.ofBlocks 0.95 blocks)
                    truths |> List.forall (fun (epsilon, value) -> holds value (curve epsilon))
    }
    share "variance share of the first axis" 0
    share "variance share of the second axis" 1
    share "variance share of both axes together" 2
    share "variance share of the seeds" 3
    ofTruth
        "sensitivity Φ over four tasks"
        (fun truth -> (Sensitivity.ofTasks lengths (four truth |> Array.map Blocks.means)).Value)
        (four >> Sensitivity.ofBlocks 0.95)
    ofTruth "mean of a cell, Student" (fun truth -> mean truth.Scores[7]) (fun b -> Student.ofRuns 0.95 b.Scores[7])
    ofTruth "mean of a cell, bootstrap" (fun truth -> mean truth.Scores[7]) (fun b -> bootstrap how mean b.Scores[7])
    ofTruth
        "paired difference of two cells, Student"
        (fun truth -> mean truth.Scores[7] - mean truth.Scores[13])
        (fun blocks -> Student.paired 0.95 blocks.Scores[7] blocks.Scores[13])
    ofTruth
        "unpaired difference of two cells, Student"
        (fun truth -> mean truth.Scores[7] - mean truth.Scores[13])
        (fun blocks -> Student.unpaired 0.95 blocks.Scores[7] blocks.Scores[13])
    ofTruth
        "unpaired difference of two cells, bootstrap"
        (fun truth -> mean truth.Scores[7] - mean truth.Scores[13])
        (fun blocks ->
            bootstrapTwoTasks how (fun xs ys -> meanOfTasks xs - meanOfTasks ys) [| blocks.Scores[7] |] [|
                blocks.Scores[13]
            |])
    ofRelated "rank correlation of a number with scores, bootstrap" rankCorrelation
    ofRelated "regret@1 of a number, bootstrap" (Selectability.regret 1)
    ofRelated "regret@3 of a number, bootstrap" (Selectability.regret 3)
    ofTruth "mean over five tasks, Student" (tasks 2 >> meanOfTasks) (tasks 2 >> Student.ofTasks 0.95)
    ofTasks "mean over five tasks, bootstrap" meanOfTasks
    ofTasks "interquartile mean over five tasks, bootstrap" iqmOfTasks
    ofTasks "optimality gap to 60 over five tasks, bootstrap" (optimalityGapOfTasks 60.0)
    ofTasks "performance profile at 50 over five tasks, bootstrap" (shareAbove 50.0)
    ofTruth
        "probability of improvement over five tasks, bootstrap"
        (fun truth ->
            // Two thousand of the seeds: pairs are compared, two by two.
            let few row = tasks row truth |> Array.map (Array.take 2000)
            probabilityOfImprovement (few 2) (few 1))
        (fun blocks -> bootstrapTwoTasks how probabilityOfImprovement (tasks 2 blocks) (tasks 1 blocks))
]

/// Success shares stay off 0 and 100: the pattern at half its height.
let meansFor (noise: Noise) : float[] =
    if noise.Name = "successes" then
        pattern |> Array.map (fun mean -> 25.0 + mean / 2.0)
    else
        pattern

let coverage (noise: Noise) : string =
    let truth = draw "truth" noise (meansFor noise) 20000 0

    table $"95 %% intervals that contain the true value, %%; noise: {noise.Name}" [
        for statistic in statistics ->
            let judge = statistic.Judge truth

            statistic.About,
            [
                for seeds in counts ->
                    Array.Parallel.init grids (draw "grid" noise (meansFor noise) seeds >> judge) |> percent
            ]
    ]

// --- Numbers without an interval: how far are they off?

let signed (numbers: float[]) : string = $"{Math.Round(Array.average numbers, 1) + 0.0:F1}"

let choice =
    let off (means: float[]) (number: Blocks -> float) = [
        for seeds in counts ->
            Array.Parallel.init grids (fun grid ->
                let blocks = draw "choice" noises[0] means seeds grid
                number blocks - means[Blocks.best blocks])
            |> signed
    ]

    let naive (blocks: Blocks) = Array.max (Blocks.means blocks)
    let confirmed (blocks: Blocks) = (Halves.best (Seed.Named "halves") blocks).Confirmed

    table "mean error of the score of the best cell" [
        "25 equal cells: mean over all seeds", off flat naive
        "25 equal cells: confirmed by halves", off flat confirmed
        "the grid with effects: mean over all seeds", off pattern naive
        "the grid with effects: confirmed by halves", off pattern confirmed
    ]

let needed =
    let said seeds =
        Array.Parallel.init (grids / 4) (fun grid ->
            SeedsNeeded.ofCells 0.05 0.8 (draw "needed" noises[0] flat seeds grid) 20.0 |> Option.get |> float)

    let spread (numbers: float[]) =
        $"{quantile 0.5 numbers:F0} ({quantile 0.1 numbers:F0} to {quantile 0.9 numbers:F0})"

    let row = "estimated from this number of seeds; noise: even", List.map (said >> spread) counts
    table "seeds for 80 % power at a difference of 20 points, 25 cells: median (10 to 90 % of grids)" [ row ]

let tables = [ family; yield! List.map coverage noises; choice; needed ] |> String.concat "\n\n"

let first, last = "<!-- tools/coverage.fsx: from here -->\n", "\n<!-- to here -->"

if arguments.Length = 0 then
    let text = File.ReadAllText page
    let before = text.Substring(0, text.IndexOf first + first.Length)
    File.WriteAllText(page, before + "\n" + tables + "\n" + text.Substring(text.IndexOf last))

printfn "%s" tables
