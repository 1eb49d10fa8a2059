namespace Iql.Cli

open Iql.Scripts

open Iql
open Iql.Algorithms
open Iql.Environments
open Iql.Environments.Tasks

/// The commands that only tell: tasks, presets, env reference.
module Lists =

    let private number (digits: int) (value: float) : string =
        value.ToString("F" + string digits, System.Globalization.CultureInfo.InvariantCulture)

    /// `iql tasks`
    let tasks: Command =
        let run () =
            printfn "Tasks with their own data:"

            for card in Tasks.All do
                printfn "%s" card.Name

                for line in Command.table [ "", card.Description ] do
                    printfn "%s" line

                printfn
                    "    %O   data: %d transitions   episode: at most %d steps   scores 0 and 100: returns %s and %s"
                    card.Environment.ActionSpace
                    card.DatasetSize
                    card.Environment.TimeLimit
                    (number 3 card.Reference.Random)
                    (number 3 card.Reference.Expert)

            printfn ""

            printfn
                "Tasks on MuJoCo 2.2.2 (%s here), with data from --data FILE; maze2d collects its own data:"
                (if Mujoco.MujocoLibrary.IsAvailable then
                     "installed"
                 else
                     "not installed")

            for (family, description, size, actions), cards in
                MujocoTasks.All
                |> Seq.groupBy (fun card ->
                    card.Name.Substring(0, card.Name.IndexOf '-'),
                    card.Description,
                    card.Environment.ObservationSize,
                    card.Environment.ActionSize) do
                let limits =
                    [ for card in cards -> card.Environment.TimeLimit ]
                    |> List.distinct
                    |> List.sort
                    |> List.map string<int>
                    |> String.concat " or "

                printfn "%s" family

                for line in
                    Command.table [
                        "", description
                        "", $"observation of {size} numbers, {actions}, at most {limits} steps per episode"
                        "", String.concat ", " [ for card in cards -> card.Name ]
                    ] do
                    printfn "%s" line

            Shell.success

        Command.create "tasks" "List the tasks with an environment" "" [] [] [] () run

    /// `iql presets`
    let presets: Command =
        let run () =
            for algorithm in Algorithm.All do
                printfn "%s: %s, %s" algorithm.Name algorithm.Title algorithm.Paper

                let shown (config: IAlgorithmConfig) = [
                    for each in algorithm.Hyperparameters do
                        if not each.SetByRun then
                            $"{each.Name} {each.Print(each.Get config)}"
                ]

                let standard = shown algorithm.Standard

                for line in Command.table [ "", "standard: " + String.concat ", " standard ] do
                    printfn "%s" line

                for variant in algorithm.Variants do
                    let changed = shown variant.Standard |> List.except standard

                    for line in Command.table [ "", $"{variant.Name}: " + String.concat ", " changed ] do
                        printfn "%s" line

                for preset in Presets.all do
                    if
                        algorithm :: List.ofSeq algorithm.Variants
                        |> List.exists (fun each -> each.Name = preset.Algorithm)
                    then
                        printfn ""

                        for line in Preset.lines preset do
                            printfn "  %s" line

                printfn ""

            Shell.success

        Command.create "presets" "List published hyperparameters with their sources" "" [] [] [] () run

    /// `iql env reference`
    let reference: Command =
        let place =
            Parameter.value
                "TASK"
                ""
                "A built-in task; `iql tasks` lists them"
                Read.text
                (fun task (_: string, episodes: int, seed: int) -> task, episodes, seed)

        let options = [
            Parameter.value "--episodes" "N" "Episodes per policy" (Read.whole 2) (fun episodes (task, _, seed) ->
                task, episodes, seed)
            |> Parameter.showing "2000"
            Parameter.value "--seed" "SEED" "Seed of all random numbers" (Read.whole 0) (fun seed (task, episodes, _) ->
                task, episodes, seed)
            |> Parameter.showing "0"
        ]

        let run (task, episodes, seed: int) =
            let task = (TaskName.installed task |> Command.orRefuse).Name
            let measured = ReferenceMeasurement.Measure(task, episodes, Seed(uint64 seed))

            let row (name: string) (measured: MeasuredReturn) =
                printfn
                    "%-8s return %s ± %s   success %s %%   length %s"
                    name
                    (number 4 measured.Mean)
                    (number 4 measured.StandardError)
                    (number 1 (100.0 * measured.SuccessRate))
                    (number 1 measured.MeanLength)

            printfn "%s, %d episodes each, seed %d; ± is one standard error" task episodes seed
            row "random" measured.Random
            row "expert" measured.Expert

            match ReferenceScores.Find task with
            | null -> ()
            | known ->
                printfn
                    "in use   scores 0 and 100 are returns %s and %s"
                    (number 4 known.Random)
                    (number 4 known.Expert)

            Shell.success

        Command.create
            "env reference"
            "Measure the reference returns of a task's scores"
            "Plays random actions and the task's controller. Their mean returns are the scores 0 and 100."
            [ place ]
            options
            [
                "iql env reference pointmaze-umaze-stitch-v0", "the reference returns of this task"
            ]
            ("", 2000, 0)
            run
