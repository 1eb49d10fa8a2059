/// `iql sweep`: a plan, trained by tasks of an array, by free workers, and by whoever is started again.
module Iql.Cli.Tests.SweepCommandTests

open System
open System.IO
open Expecto
open Iql.Scripts
open Iql.Tests
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private slurm = [ "SLURM_JOB_ID", "9"; "SLURM_CPUS_PER_TASK", "1" ]

/// One group for each expectile: the runs of all inverse temperatures.
let private axes = "--expectiles 0.5,0.9 --inverse-temperatures 0,3 --seeds 0"

/// Checkpoints of runs, by their values.
let private checkpoints (folder: string) : (string * string) list = [
    for name, sum in results folder do
        if name.EndsWith "checkpoint" then
            name.Substring(name.IndexOf "expectile"), sum
]

[<Tests>]
let tests =
    testSequenced
    <| testList "SweepCommandTests" [
        testCase "tasks of an array and a free worker train what a grid on one machine trains" (fun () ->
            use scratch = new Scratch()
            let folder, alone = scratch.Path "sweep", scratch.Path "alone"
            let output = succeeds $"sweep plan {folder} {axes} {small}"
            Expect.stringContains output "4 runs in 2 groups" "plan"
            Expect.stringContains (succeeds $"sweep status {folder}") "waiting 2 groups, 4 runs" "waiting"
            // Neither HOME nor TMPDIR need be there.
            let bare = [ "HOME", "/proc/none"; "TMPDIR", "/proc/none"; "SLURM_ARRAY_TASK_ID", "0" ]
            use task = startWith (slurm @ bare) $"sweep run {folder} --offset 1"
            let code, output, error = finished task
            Expect.equal (code, error) (0, "") "task"
            Expect.stringContains output "Group 1 is done: 2 runs." "task"
            Expect.equal (succeeds $"sweep status {folder} --missing") $"0{Environment.NewLine}" "missing"
            Expect.stringContains (succeeds $"sweep run {folder} --index 1") "Group 1 is done already." "again"
            Expect.stringContains (succeeds $"sweep run {folder}") "2 runs trained here. No group is free." "free"
            Expect.stringContains (succeeds $"sweep status {folder}") "4 runs in 2 groups, nothing left" "status"
            run $"ablate {axes} {small} -o {alone}"
            Expect.equal (checkpoints folder) (checkpoints alone) "checkpoints"
            Expect.stringContains (succeeds $"report {folder}") "report.html" "report")

        testCase "the best points of a rung go on to the next, with more steps" (fun () ->
            use scratch = new Scratch()
            let folder, next = scratch.Path "sweep", scratch.Path "sweep/rung-2"
            let plan = "--expectiles 0.5,0.9 --inverse-temperatures 0,3 --seeds 0-1 --transitions 2000 --episodes 2"
            let output = succeeds $"sweep plan {folder} {plan} --hidden 8x8 --batch 16 --halving 20,60 --keep 4"
            Expect.stringContains output "rung 2: 2 runs in 2 groups, 120 steps" "plan"
            Expect.stringContains (succeeds $"sweep run {folder}") "Rung 2 is planned: 2 runs." "run"
            Expect.stringContains (succeeds $"sweep status {folder}") "2 runs in 2 groups, nothing left" "status"

            // The best of the first rung, by hand.
            let scores (folder: string) = [
                for run in (Results.readSweep folder |> Attempt.get).Runs ->
                    (run.Labels["expectile"], run.Labels["inverseTemperature"]), run.Result.Score.Value
            ]

            let best =
                scores folder |> List.groupBy fst |> List.maxBy (fun (_, runs) -> List.averageBy snd runs) |> fst

            Expect.equal (List.map fst (scores next)) [ best; best ] "best"
            Expect.stringContains (succeeds $"sweep run {folder} --index 0") "Group 0 is done already." "again")

        testLong [
            testCase "a signal saves and asks the scheduler for another start, to the same bits" (fun () ->
                use scratch = new Scratch()
                let plan = $"{axes} --transitions 2000 --hidden 32x32 --steps 3000 --evaluate-every 500 --episodes 1"
                let folder, alone = scratch.Path "sweep", scratch.Path "alone"
                run $"sweep plan {folder} {plan}"
                run $"sweep plan {alone} {plan}"
                let metrics = "metrics.jsonl"

                for number, code, name, variables in
                    [
                        0, 75, "-USR1", slurm
                        1, 99, "-USR2", [ "SGE_ROOT", "/ge"; "JOB_ID", "9"; "SGE_TASK_ID", "2" ]
                        0, 130, "-TERM", []
                    ] do
                    let begun = Directory.GetFiles(folder, metrics, SearchOption.AllDirectories).Length
                    let index = if number = 0 then "--index 0" else ""
                    use task = startWith variables $"sweep run {folder} {index}"

                    task
                    |> waitUntil (fun () ->
                        Directory.GetFiles(folder, "claim.json", SearchOption.AllDirectories).Length = 2
                        && Directory.GetFiles(folder, metrics, SearchOption.AllDirectories).Length >= max 2 begun)

                    signal name task
                    signal name task
                    let ended, _, error = finished task
                    Expect.equal ended code error
                    Expect.stringContains error "the runs are saved" "error"

                Expect.stringContains (succeeds $"sweep status {folder}") "stopped 2 groups, 4 runs" "status"
                run $"sweep run {folder}"
                run $"sweep run {alone}"
                same (results alone, results folder))

            testCase
                "of two processes on one group, one trains it and the other leaves it alone or finds it done"
                (fun () ->
                    use scratch = new Scratch()
                    let folder, alone = scratch.Path "sweep", scratch.Path "alone"
                    run $"sweep plan {folder} {axes} {small}"
                    run $"sweep plan {alone} {axes} {small}"
                    // As on a file server that knows no locks.
                    let variables = ("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1") :: slurm
                    let tasks = [ for _ in 1..3 -> startWith variables $"sweep run {folder} --index 0" ]

                    for task in tasks do
                        let code, _, error = finished task
                        Expect.isTrue (code = 0 || code = 75 && error.Contains "leaves it alone") error
                        task.Dispose()

                    run $"sweep run {folder}"
                    run $"sweep run {alone}"
                    same (results alone, results folder))
        ]

        testCase "a group that cannot begin is failed, with its reason" (fun () ->
            use scratch = new Scratch()
            let folder, data = scratch.Path "sweep", scratch.Path "data.npz"
            run $"data collect pointmaze-umaze-v0 --size 2000 -o {data}"
            run $"sweep plan {folder} --data {data} --task pointmaze-umaze-v0 {quick} --seeds 0"
            File.Delete data
            refuses $"sweep run {folder} --index 0" [ data ]
            let status = succeeds $"sweep status {folder}"
            Expect.stringContains status "failed  1 group, 1 run" "count"
            Expect.stringContains status $"failed 0 task=pointmaze-umaze-v0,algorithm=iql,seed=0 at 0 %%" "group"
            Expect.stringContains status data "reason"
            // Other data of the same name are not the plan's.
            run $"data collect pointmaze-umaze-v0 --size 3000 -o {data}"
            refuses $"sweep run {folder} --index 0" [ "expected the run of"; "plan.json changed" ])

        testRows
            "what a plan or a worker needs is said"
            [
                "sweep run nowhere", "nowhere/plan.json: expected a plan, found none."
                "sweep run nowhere --index 1 --next", "--next: expected it without --index, got both."
                "sweep plan nowhere --from plan.json --seeds 0", "--seeds: expected --from alone"
                "sweep plan nowhere --expectiles 0.5,7", "--expectile: expected a number in (0, 1), got 7."
                "sweep plan nowhere --random 3 --expectiles 0.9..0.5", "expected a range such as 0.5..0.95"
                "sweep status nowhere", "nowhere"
            ]
            (fun (line: string, part: string) -> refuses line [ part ])
    ]
