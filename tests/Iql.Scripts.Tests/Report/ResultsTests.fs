module Iql.Scripts.Tests.ResultsTests

open System.Collections.Immutable
open System.IO
open Iql.Scripts
open Iql.Training
open Xunit

let private small = {
    Synthetic.plan with
        Expectiles = [ 0.7 ]
        InverseTemperatures = [ 3.0 ]
        Seeds = [ 0 ]
}

let private withRun (action: string -> 'T) : 'T =
    Synthetic.withSweep small (fun folder -> action (Path.Combine(folder, "runs", Synthetic.runName 0.7 3.0 0)))

let private read folder =
    match Results.readRun folder with
    | Ok run -> run
    | Error problem -> failwith problem

let private problem folder =
    match Results.readRun folder with
    | Ok _ -> failwith "expected an error, got a run"
    | Error problem -> problem

[<Fact>]
let ``a run folder becomes a record`` () =
    withRun (fun folder ->
        let run = read folder
        Assert.Equal(RunStatus.Finished, run.Status)
        Assert.Equal("pointmaze-umaze-stitch-v0", run.Config.Task)
        Assert.Equal(0UL, run.Config.Seed)
        Assert.Equal(40, run.Train.Length)
        Assert.Equal(10, run.Evaluations.Length)
        Assert.Equal(10, run.Weights.Length)
        Assert.Equal(20000L, (Seq.last run.Evaluations).Step)
        Assert.Equal(20, (Seq.last run.Evaluations).Returns.Length)
        Assert.True(run.Train[0].Metrics.ContainsKey "valueLoss"))

[<Fact>]
let ``half a line at the end is left out`` () =
    withRun (fun folder ->
        File.AppendAllText(Path.Combine(folder, "metrics.jsonl"), "{\"kind\":\"train\",\"step\":2")
        Assert.Equal(40, (read folder).Train.Length))

[<Fact>]
let ``a broken line in the middle is an error with its place`` () =
    withRun (fun folder ->
        let path = Path.Combine(folder, "metrics.jsonl")
        let lines = File.ReadAllLines path
        lines[2] <- "{\"kind\":"
        File.WriteAllLines(path, lines)
        Assert.Contains("metrics.jsonl, line 3", problem folder))

[<Fact>]
let ``a line without a step is an error with its place`` () =
    withRun (fun folder ->
        File.AppendAllText(Path.Combine(folder, "metrics.jsonl"), "{\"kind\":\"train\"}\n")
        Assert.Contains("metrics.jsonl, line 61", problem folder))

[<Fact>]
let ``a folder of something else is an error that says what was expected`` () =
    withRun (fun folder ->
        File.WriteAllText(Path.Combine(folder, "config.json"), "{\"format\":\"iql-run-9\"}")
        Assert.Contains("expected the format iql-run-1, got iql-run-9", problem folder))

    Assert.Contains("config.json", problem (Path.Combine(Path.GetTempPath(), "no such folder of runs")))

[<Fact>]
let ``metrics that are null are left out`` () =
    withRun (fun folder ->
        File.AppendAllText(
            Path.Combine(folder, "metrics.jsonl"),
            "{\"kind\":\"train\",\"step\":30000,\"seconds\":1,\"valueLoss\":null,\"valueMean\":2,\"stepsPerSecond\":1}\n"
        )

        let run = read folder
        Assert.Equal(40, (Run.metric "valueLoss" run).Length)
        Assert.Equal((30000.0, 2.0), List.last (Run.metric "valueMean" run)))

[<Fact>]
let ``a run without a result is unfinished and one with a failure diverged`` () =
    let plan = {
        small with
            Seeds = [ 0; 1 ]
            Stopped = [ Synthetic.runName 0.7 3.0 0 ]
            Diverged = [ Synthetic.runName 0.7 3.0 1 ]
    }

    Synthetic.withSweep plan (fun folder ->
        let run seed =
            read (Path.Combine(folder, "runs", Synthetic.runName 0.7 3.0 seed))

        Assert.Equal((RunStatus.Unfinished, 10000L), ((run 0).Status, (run 0).Step))
        Assert.Equal((RunStatus.Diverged, 10000L), ((run 1).Status, (run 1).Step))
        Assert.Equal("criticLoss", (run 1).Result.Failure.Metric)
        Assert.Contains("NaN", (run 1).Result.Failure.Message))

[<Fact>]
let ``a sweep folder gives its runs in the order of the plan and names the missing ones`` () =
    let missing = Synthetic.runName 0.5 1.0 2

    Synthetic.withSweep
        {
            Synthetic.plan with
                Missing = [ missing ]
        }
        (fun folder ->
            match Results.readSweep folder with
            | Error problem -> failwith problem
            | Ok sweep ->
                Assert.Equal(35, sweep.Runs.Length)
                Assert.Equal<string list>([ missing ], sweep.Missing)

                Assert.Equal<string list>(
                    [ "expectile"; "inverseTemperature"; "seed" ],
                    [ for axis in sweep.Plan.Axes -> axis.Name ]
                )

                Assert.Equal(Synthetic.runName 0.5 0.0 0, sweep.Runs.Head.Name)
                Assert.Equal("0.5", Run.valueOf "expectile" sweep.Runs.Head)
                let plane = ResultGroups.plane sweep
                Assert.Equal(Some "expectile", plane.Rows)
                Assert.Equal(Some "inverseTemperature", plane.Columns)
                Assert.Equal(12, (snd plane.Facets.Head).Length))

[<Fact>]
let ``what a run's folder is called says nothing`` () =
    Synthetic.withSweep small (fun folder ->
        let plan = SweepPlan.Read folder
        let runs = Path.Combine(folder, "runs")
        Directory.Move(Path.Combine(runs, plan.Runs[0].Folder), Path.Combine(runs, "expectile=0.1,seed=7"))

        SweepPlan(
            Name = "renamed",
            Axes = plan.Axes,
            Runs = [ PlannedRun("expectile=0.1,seed=7", plan.Runs[0].Labels) ].ToImmutableArray()
        )
            .Write
            folder

        match Results.readSweep folder with
        | Error problem -> failwith problem
        | Ok sweep -> Assert.Equal("0.7", Run.valueOf "expectile" sweep.Runs.Head))

[<Fact>]
let ``a sweep of an older format is refused with what to do`` () =
    Synthetic.withSweep small (fun folder ->
        File.WriteAllText(SweepPlan.PathIn folder, "{\"format\":\"iql-sweep-1\",\"runs\":[]}")

        match Results.readSweep folder with
        | Ok _ -> failwith "expected an error, got a sweep"
        | Error problem ->
            Assert.Contains("expected the format iql-sweep-2, got iql-sweep-1", problem)
            Assert.Contains("train into a new folder", problem))

[<Fact>]
let ``a folder without a plan is an error that names the file`` () =
    match Results.readSweep (Path.GetTempPath()) with
    | Ok _ -> failwith "expected an error, got a sweep"
    | Error problem -> Assert.Contains("sweep.json", problem)
