/// Whole sweeps on libtorch: stopped and resumed, moved between devices, and what is refused.
module Iql.Torch.Tests.SweepTests

open System
open System.IO
open System.Threading
open Expecto
open Iql
open Iql.Algorithms
open Iql.Graph
open Iql.Scripts
open Iql.Tests
open Iql.Torch
open Iql.Training
open Iql.Torch.Tests.Executor

let private inFolder (test: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("iql-torch-").FullName

    try
        test folder
    finally
        Directory.Delete(folder, true)

let private sweep: Sweep = {
    Name = "on libtorch"
    Base = {
        Trial.standard with
            Config = ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
            Data = DataSource.Task(TaskName.standard, Some 1000)
            Steps = 120
            EvaluateEvery = 40
            Episodes = 2
    }
    Axes = [ Axis.expectile [ 0.7; 0.9 ]; Axis.inverseTemperature [ 1.0; 3.0 ]; Axis.seed [ 0; 1 ] ]
}

let private places (library: LibTorch) : Places = {
    Device = TorchDevice.Describe(library, "cpu-torch")
    Together = None
    Open = fun count -> List.ofSeq (TorchDevice.Open(library, "cpu-torch", count))
}

let private launch (change: LaunchOptions -> LaunchOptions) (folder: string) =
    Launch.run (change (Launch.into folder)) sweep |> Attempt.get

let private checkpoints (folder: string) = [
    for run in SweepPlan.Read(folder).Runs do
        run.Folder, File.ReadAllBytes(SweepPlan.RunFolder(folder, run.Folder).CheckpointPath)
]

let private refusal (action: unit -> unit) : string =
    match Attempt.run action with
    | Error message -> message
    | Ok() -> failtest "expected a refusal"

/// A driver and its cards, made up.
let private driver (version: string) (cards: int) =
    NvidiaDriver(
        System.Version.Parse version,
        Collections.Immutable.ImmutableArray.CreateRange [ for i in 0 .. cards - 1 -> Card(i, "a card", 1L) ]
    )

/// Trains a sweep to its end, stopping a little later each time: how often it stopped.
let private stopping (library: LibTorch) (sweep: Sweep) (folder: string) : int =
    let rec go stops =
        use stop = new CancellationTokenSource()
        let told = ref 0

        let watch event =
            match event with
            | Advanced _ ->
                told.Value <- told.Value + 1

                if told.Value = 3 + stops then
                    stop.Cancel()
            | _ -> ()

        let options = {
            Launch.into folder with
                Places = Some(places library)
                Cancellation = stop.Token
                Watch = watch
        }

        let outcome = Launch.run options sweep |> Attempt.get
        if SweepOutcome.isWhole outcome then stops else go (stops + 1)

    go 0

/// A sweep that is stopped has the checkpoints of an uninterrupted one.
let private resumes (library: LibTorch) (sweep: Sweep) : unit =
    inFolder (fun folder ->
        let whole, stopped = Path.Combine(folder, "whole"), Path.Combine(folder, "stopped")
        Launch.run { Launch.into whole with Places = Some(places library) } sweep |> Attempt.get |> ignore
        Expect.isGreaterThan (stopping library sweep stopped) 1 "stops"

        for (name, expected), (_, actual) in List.zip (checkpoints whole) (checkpoints stopped) do
            Expect.equal actual expected name)

[<Tests>]
let tests =
    testList "SweepTests" [
        testTorch "a sweep that is stopped again and again has the bits of an uninterrupted one" (fun library ->
            resumes library sweep)

        testTorch "the configuration names the device, and a run that moves to another says so" (fun library ->
            inFolder (fun folder ->
                use stop = new CancellationTokenSource()

                let watch event =
                    match event with
                    | Advanced progress when progress.Steps > 200L -> stop.Cancel()
                    | _ -> ()

                launch
                    (fun options -> {
                        options with
                            Places = Some(places library)
                            Cancellation = stop.Token
                            Watch = watch
                    })
                    folder
                |> ignore

                let devices () = [
                    for run in SweepPlan.Read(folder).Runs ->
                        SweepPlan.RunFolder(folder, run.Folder).ReadConfig().Machine.Device
                ]

                let moved =
                    devices ()
                    |> List.map (fun device ->
                        Expect.stringStarts device "cpu-torch, libtorch 2." "device"
                        device + ", then the processor")

                let said = Collections.Concurrent.ConcurrentBag<string>()

                let listen event =
                    match event with
                    | Restored text -> said.Add text
                    | _ -> ()

                launch (fun options -> { options with Watch = listen }) folder |> ignore

                Expect.containsAll
                    moved
                    [
                        for device in devices () do
                            if device.Contains "then" then
                                device
                    ]
                    "moved"

                Expect.isNonEmpty said "said"

                for text in said do
                    Expect.stringContains text "continues on the processor" "text"))

        testTorch "fine-tuning that is stopped has the bits of an uninterrupted one" (fun library ->
            let config =
                ImplicitQLearningConfig(
                    HiddenSizes = Widths [ 8; 8 ],
                    BatchSize = 16,
                    PolicySchedule = Iql.Optimizers.LearningRateSchedule.Constant
                )

            resumes library {
                sweep with
                    Base = {
                        sweep.Base with
                            Config = config
                            Online = Some(Iql.Training.Online.FineTuning(OfflineSteps = 40, OnlineSteps = 60))
                            Steps = 100
                            EvaluateEvery = 20
                    }
                    Axes = [ Axis.seed [ 0; 1 ] ]
            })

        testCase "what a machine does not have is refused in words" (fun () ->
            let cuda = DeviceName(true, 2)
            let check hasCuda found () = cuda.CheckServed(hasCuda, "/opt/torch/lib", found)

            for expected, action in
                [
                    "expected a libtorch that is built for CUDA, got one for processors in /opt/torch/lib",
                    check false (driver "13.0" 8)
                    "expected an NVIDIA driver, got none",
                    check true (NvidiaDriver(null, Collections.Immutable.ImmutableArray.Empty))
                    "expected a driver for CUDA 12 or later, got one for CUDA 11.4", check true (driver "11.4" 8)
                    "expected an NVIDIA card, got a driver that finds none", check true (driver "13.0" 0)
                    "expected a card from 0 to 1, got 2", check true (driver "13.0" 2)
                ] do
                Expect.stringContains (refusal action) expected "message"

            check true (driver "12.8" 3) ())

        testCase "a folder without libtorch, or with something else, is refused" (fun () ->
            inFolder (fun folder ->
                Expect.stringContains (refusal (fun () -> LibTorch.Load folder |> ignore)) "expected" "empty folder"
                let missing = Path.Combine(folder, "missing")
                Expect.stringContains (refusal (fun () -> LibTorch.Load missing |> ignore)) "expected" "no folder"))

        testCase "names of devices are read" (fun () ->
            for name, expected in
                [
                    "cpu-torch", Some "cpu-torch"
                    "cuda", Some "cuda:0"
                    "cuda:3", Some "cuda:3"
                    "cuda:-1", None
                    "gpu", None
                ] do
                Expect.equal (DeviceName.Read name |> Option.ofNullable |> Option.map string) expected name)
    ]
