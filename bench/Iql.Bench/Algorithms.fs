namespace Iql.Bench

open System
open System.Diagnostics
open Iql.Algorithms
open Iql.Data
open Iql.Scripts

/// How fast one algorithm trains at its own published sizes.
type AlgorithmRate = {
    /// Its name, and its phase where it has several: a behaviour policy first, the policy last.
    Name: string
    Threads: int
    /// Rows of a batch; sequences count as one.
    Batch: int
    /// Numbers that learn, targets and moments not counted.
    Parameters: int64
    /// Seconds from a configuration to its first update, made by one thread: traced, compiled, run.
    ReadySeconds: float
    Rate: Rate
}

/// Every algorithm at the sizes of a D4RL task, from its preset.
[<RequireQualifiedAccess>]
module Algorithms =

    /// The task whose presets and sizes are taken, its S and its A.
    let private task = "hopper-medium-v2"

    let private observations = 11
    let private actions = 3

    /// The learner of a name that `--algorithm` takes, with its preset for the task.
    let learner (name: string) : Learner =
        Trial.learner observations (Iql.ActionSpace.Continuous actions) [ Preset.trial name task ]
        |> Attempt.get

    /// Steps of a run of that preset.
    let steps (name: string) : int = (Preset.trial name task).Steps

    /// Where a learner's phases begin in a run of so many steps, to a hundredth of it.
    /// A phase is a set of programs that take turns.
    let phases (steps: int) (learner: Learner) : int64 list =
        [
            for i in 0L .. 99L ->
                let step = i * int64 steps / 100L
                step, set [ for turn in 0L .. 11L -> learner.Choose.Invoke(step + turn) ]
        ]
        |> List.distinctBy snd
        |> List.map fst

    let private parameters (learner: Learner) =
        let learns (name: string) =
            not (name.StartsWith("adam", StringComparison.Ordinal))
            && not (name.StartsWith("target", StringComparison.Ordinal))

        learner.Blocks
        |> Seq.collect _.Entries
        |> Seq.filter (fun entry -> learns entry.Name)
        |> Seq.sumBy (fun entry -> int64 entry.Shape.Count)

    /// The best of three: the first also compiles the compiler.
    let private readySeconds (name: string) (step: int64) (data: Transitions) =
        let source = (learner name).Source data

        List.min [
            for _ in 1..3 do
                let clock = Stopwatch.StartNew()
                use training = new Training(learner name, source, 0UL, 1, step)
                training.Advance()
                clock.Elapsed.TotalSeconds
        ]

    /// Measures algorithms by their names, on one thread and on several. `next` hears what is next, `found` each row.
    let run
        (next: string -> unit)
        (found: AlgorithmRate -> unit)
        (windows: StepWindows)
        (rows: int)
        (threads: int)
        (names: string list)
        : Session * AlgorithmRate list =
        let session = Session.start rows
        let data = Uniform.transitions rows observations actions

        session,
        [
            for name in names do
                next name
                let phases = learner name |> phases (steps name)

                for phase, step in List.indexed phases do
                    let seconds = readySeconds name step data

                    for threads in List.distinct [ 1; threads ] do
                        let learner = learner name

                        for rate in Rate.measure windows threads 1 step learner data do
                            let row = {
                                Name = if phases.Length = 1 then name else $"{name}, phase {phase + 1}"
                                Threads = threads
                                Batch = learner.Batch.Entries[0].Shape[0]
                                Parameters = parameters learner
                                ReadySeconds = seconds
                                Rate = rate
                            }

                            found row
                            row
        ]

    let private heads = [ "algorithm"; "threads"; "batch"; "parameters"; "ready s" ] @ Rate.heads

    let private cells (row: AlgorithmRate) =
        [
            row.Name
            string<int> row.Threads
            string<int> row.Batch
            string<int64> row.Parameters
            Rate.digits 2 row.ReadySeconds
        ]
        @ Rate.cells row.Rate

    /// The head of the table.
    let head: string = Session.line 24 heads heads

    /// One row as a line.
    let line (row: AlgorithmRate) : string = Session.line 24 heads (cells row)

    /// What makes figures doubtful.
    let doubts (session: Session) (rows: AlgorithmRate list) : string list =
        Session.doubts [ for row in rows -> $"""{row.Name} on {Plural.count row.Threads "thread"}""", row.Rate ] session

    /// A page.
    let markdown (session: Session) (rows: AlgorithmRate list) : string =
        String.concat "\n" [
            $"# Every algorithm on {Session.title session}"
            ""
            Session.origin "Iql.Bench --algorithm all --save" session
            $"Presets and sizes of {task} ({observations} observations, {actions} actions)."
            "What the columns mean stands in [docs/performance.md](../../docs/performance.md#every-algorithm)."
            ""
            yield! TextTable.markdown (heads :: List.map cells rows)
            for doubt in doubts session rows do
                ""
                $"Note: {doubt}"
            ""
        ]

    /// Every figure, for programs.
    let json (session: Session) (rows: AlgorithmRate list) : string =
        Session.json [
            yield! Session.fields "iql-bench-algorithms-1" session
            "task", box task
            "observations", box observations
            "actions", box actions
            "algorithms",
            box [
                for row in rows ->
                    dict [
                        "algorithm", box row.Name
                        "threads", box row.Threads
                        "batch", box row.Batch
                        "parameters", box row.Parameters
                        "readySeconds", Rate.rounded 3 row.ReadySeconds
                        yield! Rate.fields row.Rate
                    ]
            ]
        ]
