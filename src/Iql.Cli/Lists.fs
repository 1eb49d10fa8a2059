namespace Iql.Cli

open Iql.Scripts

open Iql
open Iql.Algorithms
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Torch

/// The commands that only print: `iql tasks`, `iql presets`, `iql env reference`, `iql devices`.
module Lists =

    /// Prints wrapped and indented texts.
    let private below (texts: string list) : unit = Command.print (Command.table [ for text in texts -> "", text ])

    /// `iql tasks`
    let tasks: Command =
        let run () =
            printfn "Tasks with their own data:"

            for card in Tasks.All do
                printfn "%s" card.Name
                below [ card.Description ]

                printfn
                    $"    {card.Environment.ActionSpace}   data: {card.DatasetSize} transitions   episode: at most \
                      {card.Environment.TimeLimit} steps   scores 0 and 100: returns {card.Reference.Random:F3} and \
                      {card.Reference.Expert:F3}"

            let installed = if Mujoco.MujocoLibrary.IsAvailable then "installed" else "not installed"

            printfn
                "\nTasks on MuJoCo 2.2.2 (%s here), with data from --data FILE; maze2d collects its own data:"
                installed

            for (family, description, size, actions), cards in
                MujocoTasks.All
                |> Seq.groupBy (fun card ->
                    card.Name.Substring(0, card.Name.IndexOf '-'),
                    card.Description,
                    card.Environment.ObservationSize,
                    card.Environment.ActionSize) do
                let limits =
                    cards
                    |> Seq.map _.Environment.TimeLimit
                    |> Seq.distinct
                    |> Seq.sort
                    |> Seq.map string<int>
                    |> String.concat " or "

                printfn "%s" family

                below [
                    description
                    $"observation of {size} numbers, {actions}, at most {limits} steps per episode"
                    cards |> Seq.map _.Name |> String.concat ", "
                ]

            Shell.printed ()

        Command.create "tasks" "List the tasks with an environment" "" [] [] [] () run

    /// `iql presets`
    let presets: Command =
        let show () =
            for algorithm in Algorithm.All do
                printfn "%s: %s, %s" algorithm.Name algorithm.Title algorithm.Paper

                let shown (config: IAlgorithmConfig) = [
                    for each in algorithm.Hyperparameters do
                        if not each.SetByRun then
                            $"{each.Name} {each.Print(each.Get config)}"
                ]

                let standard = shown algorithm.Standard

                below [
                    "standard: " + String.concat ", " standard
                    for variant in algorithm.Variants do
                        $"{variant.Name}: " + String.concat ", " (shown variant.Standard |> List.except standard)
                ]

                let names = [ for each in Seq.append [ algorithm ] algorithm.Variants -> each.Name ]

                for preset in Presets.all do
                    if List.contains preset.Algorithm names then
                        printfn ""
                        Preset.lines preset |> List.iter (printfn "  %s")

                printfn ""

        let run (protocols: bool) =
            if protocols then Command.print (Protocol.lines Protocols.all) else show ()
            Shell.printed ()

        Command.create
            "presets"
            "List published hyperparameters, or protocols of fine-tuning, with their sources"
            ""
            []
            [
                Parameter.switch "--protocols" "Show the protocols of `iql finetune` side by side" (fun _ -> true)
            ]
            [ "iql presets --protocols", "how others fine-tune" ]
            false
            run

    /// `iql env reference`
    let reference: Command =
        let run (task, episodes, seed: int) =
            let task = (TaskName.installed task |> Command.orRefuse).Name

            Demand.episodes (Tasks.Get task).Environment episodes $"Ask for fewer than --episodes {episodes}"
            |> Demand.within (Demand.available ())
            |> Command.orRefuse

            let measured = ReferenceMeasurement.Measure(task, episodes, Seed(uint64 seed))

            let row (name: string) (measured: MeasuredReturn) =
                printfn
                    "%-8s return %.4f ± %.4f   success %.1f %%   length %.1f"
                    name
                    measured.Mean
                    measured.StandardError
                    (100.0 * measured.SuccessRate)
                    measured.MeanLength

            printfn "%s, %d episodes each, seed %d; ± is one standard error" task episodes seed
            row "random" measured.Random
            row "expert" measured.Expert

            for known in Option.toList (Option.ofObj (ReferenceScores.Find task)) do
                printfn "in use   scores 0 and 100 are returns %.4f and %.4f" known.Random known.Expert

            Shell.printed ()

        Command.create
            "env reference"
            "Measure the reference returns of a task's scores"
            "Plays random actions and the task's controller. Their mean returns are the scores 0 and 100."
            [ Parameter.task (fun task (_, episodes, seed) -> task, episodes, seed) ]
            [
                Parameter.value "--episodes N" "Episodes per policy" (Read.whole 2) (fun episodes (task, _, seed) ->
                    task, episodes, seed)
                |> Parameter.showing "2000"
                Parameter.value
                    "--seed SEED"
                    "Seed of all random numbers"
                    (Read.whole 0)
                    (fun seed (task, episodes, _) -> task, episodes, seed)
                |> Parameter.showing "0"
            ]
            [ "iql env reference pointmaze-umaze-stitch-v0", "the reference returns of this task" ]
            ("", 2000, 0)
            run

    /// `iql devices`
    let devices: Command =
        let run (request: DeviceRequest) =
            printfn "cpu         %s, compiled by Iql" (Iql.Training.Machine.Here.Processor)

            let library = Attempt.run (fun () -> LibTorch.Load(Option.toObj request.LibTorch))

            match library with
            | Ok library -> printfn "cpu-torch   %O in %s" library library.Folder
            | Error problem -> printfn "cpu-torch   missing. %s" problem

            let driver = NvidiaDriver.Read()

            match driver.Version, library with
            | null, _ -> printfn "cuda        missing. No NVIDIA driver was found."
            | version, _ when driver.Cards.IsEmpty ->
                printfn "cuda        missing. The driver (CUDA %O) finds no card." version
            | version, Ok library when not library.HasCuda ->
                printfn "cuda        missing. libtorch is built for processors; the driver serves CUDA %O." version
            | version, library ->
                for card in driver.Cards do
                    let state = if Result.isOk library then "" else "   no libtorch"

                    printfn
                        "cuda:%d      %s, %.0f GB, driver for CUDA %O%s"
                        card.Index
                        card.Name
                        (float card.Bytes / 1e9)
                        version
                        state

            Shell.printed ()

        Command.create
            "devices"
            "List the devices of this machine, and what is missing"
            ""
            []
            [ DeviceOptions.libtorch ]
            []
            DeviceOptions.standard
            run
