namespace Iql.Cli

open Iql.Scripts

open System
open System.Diagnostics
open System.Globalization
open Iql.Algorithms
open Iql.Cpu.Emit
open Iql.Data
open Iql.Measurement
open Iql.Training

/// How fast one algorithm trains at its own published sizes.
type AlgorithmRow = {
    /// What `--algorithm` calls it.
    Algorithm: string
    /// Which of its phases, from 1 on, and of how many: a behaviour policy first, the policy last.
    Phase: int * int
    Threads: int
    /// B; sequences count as one.
    Batch: int
    /// Numbers that learn, targets and moments not counted.
    Parameters: int64
    /// Seconds from a configuration to its first update, made by one thread: traced, compiled, run.
    ReadySeconds: float
    Rate: BenchRate
}

/// The rates of several algorithms on the same machine.
type AlgorithmBench = {
    Machine: Machine
    InstructionSet: InstructionSet
    Version: string
    Commit: string
    Date: DateTime
    /// Rows of the data that batches are sampled from.
    Rows: int
    LoadBefore: float option
    Algorithms: AlgorithmRow list
}

/// `iql bench --algorithm`: every algorithm at the sizes of a D4RL task, from its preset.
[<RequireQualifiedAccess>]
module BenchAlgorithms =

    /// The task whose presets and sizes are taken, its S and its A.
    let task, observations, actions = "hopper-medium-v2", 11, 3

    let private trial (name: string) : Trial =
        let standard = {
            Trial.standard with
                Algorithm = (Algorithm.find name).Value
        }

        let preset = Preset.forTask name task |> Option.map Preset.apply
        standard |> Option.defaultValue id preset

    /// The learner of a name that `--algorithm` takes, with its preset for the task, for observations and actions of any size.
    let learner (name: string) (observations: int) (actions: int) : Learner =
        let trial = trial name
        let entry = Trial.entry trial
        entry.Learner [ Trial.configured (Iql.ActionSpace.Continuous actions) trial ] observations actions

    /// Where a learner's phases begin in a run of so many steps, as far as a look at every hundredth of it can tell: a phase is a set of
    /// programs that take turns.
    let phases (steps: int) (learner: Learner) : int64 list =
        [
            for i in 0L .. 99L ->
                let step = i * int64 steps / 100L
                step, set [ for turn in 0L .. 11L -> learner.Choose.Invoke(step + turn) ]
        ]
        |> List.distinctBy snd
        |> List.map fst

    let private moment (name: string) =
        name.StartsWith("adam", StringComparison.Ordinal)
        || name.StartsWith("target", StringComparison.Ordinal)

    let private parameters (learner: Learner) =
        learner.Blocks
        |> Seq.collect _.Entries
        |> Seq.filter (fun entry -> not (moment entry.Name))
        |> Seq.sumBy (fun entry -> int64 entry.Shape.Count)

    /// The best of three: the first also compiles the compiler.
    let private readySeconds (name: string) (step: int64) (data: Transitions) =
        let first = learner name observations actions
        let source = first.Source data
        let seed = Iql.Seed 0UL
        let start = LearnerState(seed, step, first.Initialise.Invoke seed)

        List.min [
            for _ in 1..3 do
                let clock = Stopwatch.StartNew()
                use trainer = new Trainer(learner name observations actions, source, start)
                trainer.Advance()
                clock.Elapsed.TotalSeconds
        ]

    /// Measures algorithms by their names; `say` hears what is next, `tell` every row when it is known.
    let run
        (say: string -> unit)
        (tell: AlgorithmRow -> unit)
        (windows: StepWindows)
        (rows: int)
        (threads: int)
        (names: string list)
        : AlgorithmBench =
        let load = SystemLoad.Now().Average |> Option.ofNullable
        let data = BenchRun.transitions rows observations actions

        let measured = [
            for name in names do
                say name
                let phases = learner name observations actions |> phases (trial name).Steps

                for phase, step in List.indexed phases do
                    let seconds = readySeconds name step data

                    for threads in List.distinct [ 1; threads ] do
                        let learner = learner name observations actions

                        for rate in BenchRate.measure windows threads 1 step learner data do
                            let row = {
                                Algorithm = name
                                Phase = phase + 1, phases.Length
                                Threads = threads
                                Batch = learner.Batch.Entries[0].Shape[0]
                                Parameters = parameters learner
                                ReadySeconds = seconds
                                Rate = rate
                            }

                            tell row
                            row
        ]

        {
            Machine = Machine.Here
            InstructionSet = InstructionSets.Default
            Version = Machine.Version
            Commit = Machine.Commit
            Date = DateTime.UtcNow
            Rows = rows
            LoadBefore = load
            Algorithms = measured
        }

    let private heads =
        [ "algorithm"; "threads"; "batch"; "parameters"; "ready s" ] @ BenchRate.heads

    let private label (row: AlgorithmRow) =
        match row.Phase with
        | _, 1 -> row.Algorithm
        | phase, _ -> $"{row.Algorithm}, phase {phase}"

    let private cells (row: AlgorithmRow) =
        [
            label row
            string<int> row.Threads
            string<int> row.Batch
            string<int64> row.Parameters
            BenchRate.fixed' 2 row.ReadySeconds
        ]
        @ BenchRate.cells row.Rate

    /// The head of the table.
    let head: string = BenchRate.padded 24 heads heads

    /// One row as a line.
    let line (row: AlgorithmRow) : string = BenchRate.padded 24 heads (cells row)

    /// Where it was measured, on one line.
    let machine (bench: AlgorithmBench) : string =
        $"{bench.Machine.Processor}, {bench.Machine.Cores} cores, {(string bench.InstructionSet).ToLowerInvariant()}, {bench.Machine.Runtime}"

    /// What makes figures doubtful.
    let doubts (bench: AlgorithmBench) : string list = [
        match bench.LoadBefore with
        | Some load when load > 0.5 ->
            $"others are running here (load average {BenchRate.fixed' 1 load} before the first probe): figures are lower than the machine's, and shares doubtful."
        | _ -> ()

        match bench.Algorithms |> List.filter (fun row -> BenchRate.disturbed row.Rate) with
        | [] -> ()
        | rows ->
            let names =
                rows
                |> List.map (fun row ->
                    BenchRate.label $"""{label row} on {Plural.count row.Threads "thread"}""" row.Rate)
                |> String.concat ", "

            $"disturbed while it was measured (peaks more than a twentieth apart, or a tenth of the windows more than a tenth below the middle): {names}."
    ]

    /// A page.
    let markdown (bench: AlgorithmBench) : string =
        String.concat "\n" [
            $"# Every algorithm on {bench.Machine.Processor}, {(string bench.InstructionSet).ToLowerInvariant()}"
            ""
            $"Written by `iql bench --algorithm all --save`. {machine bench}; {bench.Machine.Os}. Iql {bench.Version} ({bench.Commit}),"
            $"""{bench.Date.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC. Presets and sizes of {task} ({observations} observations, {actions} actions), batches sampled out of {bench.Rows} rows. What the columns mean stands in"""
            "[docs/performance.md](../../docs/performance.md#every-algorithm)."
            ""
            yield! TextTable.markdown (heads :: List.map cells bench.Algorithms)
            for doubt in doubts bench do
                ""
                $"Note: {doubt}"
            ""
        ]

    /// Every figure, for programs.
    let toJson (bench: AlgorithmBench) : Json =
        Json.Object [
            "format", Json.Text "iql-bench-algorithms-1"
            "processor", Json.Text bench.Machine.Processor
            "cores", Json.Number(float bench.Machine.Cores)
            "instructionSet", Json.Text((string bench.InstructionSet).ToLowerInvariant())
            "os", Json.Text bench.Machine.Os
            "runtime", Json.Text bench.Machine.Runtime
            "version", Json.Text bench.Version
            "commit", Json.Text bench.Commit
            "date", Json.Text(bench.Date.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))
            "task", Json.Text task
            "observations", Json.Number(float observations)
            "actions", Json.Number(float actions)
            "rows", Json.Number(float bench.Rows)
            "loadAverageBefore", bench.LoadBefore |> Option.map Json.Number |> Option.defaultValue Json.Null
            "algorithms",
            Json.List [
                for row in bench.Algorithms ->
                    Json.Object [
                        "algorithm", Json.Text row.Algorithm
                        "phase", Json.Number(float (fst row.Phase))
                        "phases", Json.Number(float (snd row.Phase))
                        "threads", Json.Number(float row.Threads)
                        "batch", Json.Number(float row.Batch)
                        "parameters", Json.Number(float row.Parameters)
                        "readySeconds", BenchRate.rounded 3 row.ReadySeconds
                        yield! BenchRate.fields row.Rate
                    ]
            ]
        ]
