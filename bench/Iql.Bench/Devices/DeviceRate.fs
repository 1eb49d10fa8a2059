namespace Iql.Bench

open System
open System.Diagnostics
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Execution
open Iql.Scripts
open Iql.Torch

/// How the kernels of a device's step are launched.
type Launching =
    /// One by one.
    | Eager
    /// A captured step, replayed.
    | CudaGraph

/// What is measured on a device, and how long.
type DevicePlan = {
    /// "cuda", "cuda:N" or "cpu-torch".
    Device: string
    Launching: Launching
    /// Numbers of runs that advance together.
    Together: int list
    /// Threads that draw minibatches.
    Threads: int
    /// Seconds of measuring for each row.
    Seconds: float
}

/// How fast runs advance together on a device.
[<RequireQualifiedAccess>]
module DeviceRate =

    // Iql.Torch reads the variable where it makes a device's programs.
    let private place (library: LibTorch) (plan: DevicePlan) (together: int) : IDevice =
        if plan.Launching = CudaGraph && not (plan.Device.StartsWith "cuda") then
            raise (InputException "CUDA graphs need a card")

        let isAsked = if plan.Launching = CudaGraph then "1" else "0"
        Environment.SetEnvironmentVariable("IQL_CUDA_GRAPH", isAsked)
        TorchDevice.Open(library, plan.Device, together, plan.Threads)[0]

    // Metrics of a step are read by the host, so their arrival ends all steps before it.
    let private seconds (runs: IDeviceRun) (steps: int) : float =
        let clock = Stopwatch.StartNew()

        for step in 1..steps do
            runs.Advance((step = steps))

        clock.Elapsed.TotalSeconds

    /// Steps a second of `together` runs of a learner, each from a step on: the middle one of at least three windows.
    /// Runs draw their own minibatches; the last step of a window, at most the thousandth, has metrics, as in training.
    let measure
        (library: LibTorch)
        (plan: DevicePlan)
        (learner: Learner)
        (source: IBatchSource)
        (firstStep: int64)
        (together: int)
        : float =
        let start run =
            let seed = Seed(uint64<int> run)
            learner.Run(source, LearnerState(seed, firstStep, learner.Initialise.Invoke seed))

        use device = place library plan together
        use runs = device.Start [| for run in 1..together -> start run |]

        // Both programs are made, and memory is at hand.
        seconds runs 4 |> ignore
        let once = seconds runs 4 / 4.0
        let steps = Math.Clamp(int (plan.Seconds / 5.0 / once), 2, 1_000)
        let clock = Stopwatch.StartNew()

        let rates = [
            while clock.Elapsed.TotalSeconds < plan.Seconds do
                float steps / seconds runs steps
        ]

        let rates = rates @ [ for _ in rates.Length + 1 .. 3 -> float steps / seconds runs steps ] |> List.sort

        rates[rates.Length / 2]

    /// The head of a table in Markdown.
    let head: string list = [
        "| algorithm | runs together | launched | steps/s | run-steps/s | ms a step |"
        "|---|---:|---|---:|---:|---:|"
    ]

    let private launched (launching: Launching) : string =
        match launching with
        | Eager -> "one by one"
        | CudaGraph -> "CUDA graph"

    /// A line of that table; a problem instead of a rate stands there as not measured.
    let line (plan: DevicePlan) (name: string) (together: int) (rate: Result<float, string>) : string =
        let cells =
            match rate with
            | Ok rate -> [ Rate.digits 1 rate; Rate.digits 0 (float together * rate); Rate.digits 3 (1000.0 / rate) ]
            | Error problem -> [ "not measured"; "–"; problem ]

        "| " + String.concat " | " (name :: string<int> together :: launched plan.Launching :: cells) + " |"

    /// Measures implicit Q-learning, or algorithms by their names. `found` hears each line when it is known.
    let run (found: string -> unit) (library: LibTorch) (plan: DevicePlan) (rows: int) (names: string list) : unit =
        let data = Uniform.transitions rows Case.standard.Observations Case.standard.Actions

        let learners = [
            match names with
            | [] -> "iql", [ 0L ], Case.learner Case.standard
            | names ->
                for name in names do
                    let learner = Algorithms.learner name
                    name, Algorithms.phases (Algorithms.steps name) learner, learner
        ]

        for name, phases, learner in learners do
            let source = learner.Source data

            for phase, step in List.indexed phases do
                let name = if phases.Length = 1 then name else $"{name}, phase {phase + 1}"

                for together in plan.Together do
                    Attempt.run (fun () -> measure library plan learner source step together)
                    |> line plan name together
                    |> found
