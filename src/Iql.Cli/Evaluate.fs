namespace Iql.Cli

open Iql.Scripts

open System
open System.IO
open Iql.Data
open Iql.Environments.Tasks
open Iql.Estimation
open Iql.Training

/// `iql evaluate`
module Evaluate =

    type private Request = {
        Runs: string list
        Data: string option
        Mode: DatasetMode option
        Behaviour: string option
        Task: string option
        Environment: string option
        Episodes: int
        Plan: EvaluationPlan
    }

    /// A line on standard error every few seconds, while a fit goes on.
    let private watch () : string -> TrainingProgress -> unit =
        let due = Progress.every 5.0

        fun folder progress ->
            if due () then
                let share = 100.0 * float progress.Step / float progress.Steps
                eprintfn "%s: %.0f %% of the fit, %.0f steps/s" (Path.GetFileName folder) share progress.StepsPerSecond

    let private conclude (runs: (Run * OfflineEstimates) list) : unit =
        let groups = Estimates.groups runs
        let columns = Estimates.columns groups
        Command.print (Estimates.table groups)
        printfn ""
        Command.table [ for column in columns -> column.Head, column.Meaning ] |> Command.print

        for run, estimates in runs do
            if not (isNull estimates.Failure) then
                printfn "no fitted value: %s: %s" run.Name estimates.Failure

        if runs |> List.exists (fun (_, estimates) -> estimates.Seen) then
            printfn ""

            printfn
                "The policies learned from these data: held-out episodes are new to the fit, not to them. For an \
                 honest test, keep episodes back and give them with --data."

    /// The returns of policies in an environment, a row for runs that differ only in their seed.
    let private act (card: TaskCard) (episodes: int) (runs: (Run * string) list) : unit =
        let returns = [
            for run, folder in runs ->
                run,
                Policy.loadFor card.Environment folder
                |> Result.bind (Policy.evaluate card.Environment episodes)
                |> Result.map _.ReturnMean
                |> Command.orRefuse
        ]

        printfn ""

        TextTable.lines [
            [ ""; $"Return in {card.Name}" ]
            for heading, numbers in Estimates.alike returns do
                match List.map snd numbers |> RunSummary.ofNumbers with
                | Some { Mean = mean; Interval = Some interval } -> [
                    heading
                    Shown.estimate { Value = mean; Interval = interval }
                  ]
                | summary -> [ heading; summary |> Option.map (_.Mean >> Shown.number) |> Option.defaultValue "–" ]
        ]
        |> Command.print

        printfn ""
        let each = Plural.count episodes "episode"
        Command.print [ $"Return: the undiscounted sum of rewards, the mean over {each} of each policy." ]

    let private run (request: Request) : int =
        let card = OwnTask.chosen request.Task request.Environment |> Command.orRefuse
        let runs = Estimates.runs (List.rev request.Runs) |> Command.orRefuse
        let data = request.Data |> Option.map (fun path -> { DataFile.at path with Mode = request.Mode })

        if data.IsNone && request.Mode.IsSome then
            Command.refuse "--mode: expected --data FILE too, got none."

        Interrupt.saving (fun cancellation ->
            let options = {
                Data = data
                Behaviour = request.Behaviour
                Plan = request.Plan
                Cancellation = cancellation
                Watch = watch ()
            }

            let evaluated = Estimates.run options (List.map snd runs) |> Command.orRefuse

            let finished = [
                for (run, _), estimates in List.zip runs evaluated do
                    for estimates in Option.toList estimates -> run, estimates
            ]

            if finished.Length = runs.Length then
                conclude finished

                for card in Option.toList card do
                    act card request.Episodes runs

                Shell.success
            else
                eprintfn
                    "Stopped: %d of %d policies are evaluated, the others are saved. The same command continues."
                    finished.Length
                    runs.Length

                Shell.interrupted ())

    let command: Command =
        let plan heading doc read change : Parameter<Request> =
            Parameter.value heading doc read (fun value request -> { request with Plan = change value request.Plan })

        let standard = EvaluationPlan()

        Command.create
            "evaluate"
            "Judge trained policies by data alone, without an environment"
            "Fits the value of each policy to the data (fitted Q evaluation), and measures its networks and actions \
             on held-out episodes. The numbers say which of several policies is likely better; they do not prove that \
             one is safe to use. `iql report` shows them beside the scores, where there is an environment."
            [
                Parameter.text
                    "RUN"
                    "The folder of a run or of a sweep, which is all its runs"
                    (fun run (request: Request) -> { request with Runs = run :: request.Runs })
                |> Parameter.repeated
            ]
            [
                Parameter.text
                    "--data FILE"
                    "The data to judge by, in memory: .hdf5, .npz, a Minari folder"
                    (fun file (request: Request) -> { request with Data = Some file })
                |> Parameter.showing "the data that the run learned from"
                Parameter.choice
                    "--mode"
                    [ "d4rl", DatasetMode.D4rlParity; "strict", DatasetMode.Strict ]
                    "How rows of the file become transitions"
                    (fun mode (request: Request) -> { request with Mode = Some mode })
                Parameter.text
                    "--behaviour-log-probabilities COLUMN"
                    "The file's column with the log-probability of each action, by the policy that acted. It adds \
                     importance sampling and a doubly robust estimate, of policies that draw their actions"
                    (fun column (request: Request) -> { request with Behaviour = Some column })
                Request.environment (fun address (request: Request) -> { request with Environment = Some address })
                Parameter.text
                    "--task NAME"
                    "A task that the policies also act in, for their true returns; `iql tasks` lists them"
                    (fun task (request: Request) -> { request with Task = Some task })
                Parameter.value
                    "--episodes N"
                    "Episodes in the task or environment"
                    (Read.whole 1)
                    (fun count (request: Request) -> { request with Episodes = count })
                |> Parameter.showing "100"
                plan "--steps N" "Steps of the fit" (Read.whole 1) (fun steps plan -> plan.With(steps = int64 steps))
                |> Parameter.showing (string<int64> standard.Steps)
                plan
                    "--hold-out SHARE"
                    "Share of the episodes that the fit does not see"
                    (Read.between 0.0 1.0)
                    (fun share plan -> plan.With(holdOut = share))
                |> Parameter.showing (string<float> standard.HoldOut)
                plan "--discount GAMMA" "Discount of the sums of rewards" (Read.within 0.0 1.0) (fun discount plan ->
                    plan.With(discount = discount))
                |> Parameter.showing "that of the policy's training"
                plan "--threads N" "Cores to use; they do not change the results" (Read.whole 1) (fun threads plan ->
                    plan.With(threads = threads))
                |> Parameter.showing "all"
            ]
            [
                "iql evaluate runs/train-plant", "the policies of a sweep, by the data that they learned from"
                "iql evaluate runs/train-plant --data later.npz", "by data that they have not seen"
                "iql evaluate runs/train-plant --environment tank.py:Tank",
                "and by a simulator of yours, docs/own-environments.md"
            ]
            {
                Runs = []
                Data = None
                Mode = None
                Behaviour = None
                Task = None
                Environment = None
                Episodes = 100
                Plan = standard.With(threads = Environment.ProcessorCount)
            }
            run
