namespace Iql.Cli

open Iql.Scripts

open System
open System.Diagnostics
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Rows
open Iql.Environments.Tasks

/// `iql data collect`
[<RequireQualifiedAccess>]
module Collect =

    type private Request = {
        Task: string
        Size: int option
        Seed: int
        Output: string option
        /// Folders of runs, policy files or "random"; empty: the task's own recipe.
        Policies: string list
        Noise: float option
        /// Whether a sweep's folder is its best run.
        Best: bool
        /// Whether policy files act with their mean.
        Mean: bool
        Threads: int
    }

    /// Words between commas; a path that exists stays whole, with the commas in its name.
    let private policies (word: string) : Result<string list, string> =
        let rec next (parts: string list) =
            match parts with
            | [] -> []
            | first :: rest ->
                let whole =
                    [ parts.Length .. -1 .. 2 ]
                    |> List.map (fun count -> count, String.concat "," (List.truncate count parts))
                    |> List.tryFind (snd >> Path.Exists)

                match whole with
                | Some(count, path) -> path :: next (List.skip count parts)
                | None -> first.Trim() :: next rest

        match next (List.ofArray (word.Split ',')) with
        | words when List.contains "" words -> Error "names with one comma between two of them"
        | words -> Ok words

    /// Collects with policies, in equal shares one after the other.
    let private rollOut (request: Request) (card: TaskCard) (path: string) : int =
        let clock = Stopwatch.StartNew()

        let say (share: CollectedShare) =
            if not share.Returns.IsEmpty then
                let score = Option.fold (fun _ score -> $", score {score:F1}") "" share.Score

                printfn
                    $"{share.Name}: {share.Transitions:N0} transitions, {share.Returns.Length:N0} episodes to their \
                      end, mean return {List.average share.Returns:F1}{score}"

        let collected =
            {
                Collection.standard card request.Policies with
                    Size = Option.defaultValue 1_000_000 request.Size
                    Seed = request.Seed
                    Noise = request.Noise
                    Mean = request.Mean
                    Threads = request.Threads
            }
            |> Collection.save { Collection.quietly with Done = say; Progress = Data.watch () } path
            |> Command.orRefuse

        let rate = float collected.Transitions / clock.Elapsed.TotalSeconds
        printfn $"{collected.Transitions} transitions, {collected.Episodes} episodes, {rate:N0} transitions/s"
        Shell.wrote path

    /// Collects with the task's own recipe.
    let private ownData (request: Request) (card: TaskCard) (path: string) : int =
        let seed = if request.Seed < 0 then Seed.Named "dataset" else Seed(uint64 request.Seed)

        let clock = Stopwatch.StartNew()
        let size = Option.defaultValue card.DatasetSize request.Size

        let metadata = readOnlyDict [ "task", card.Name; "seed", string seed.Value; "iql", Version.text ]

        let count, episodes =
            if Data.isRowFile path then
                let say = Data.watch ()

                let environment = card.Environment

                RowFileWriter.Write(
                    path,
                    Path.GetFileNameWithoutExtension path,
                    environment.ObservationSize,
                    environment.ActionSize,
                    metadata,
                    (fun writer ->
                        for piece in card.Dataset.Pieces(seed, int64 size) do
                            writer.Add piece
                            say writer.Count (int64 size)),
                    environment.ActionSpace.Kind
                )

                let file = RowFile path
                file.Count, file.Statistics.Episodes
            else
                let transitions = card.Dataset.Collect(seed, size)
                DatasetFile.Save(path, transitions, metadata)
                int64 transitions.Count, int64 transitions.Episodes.Length

        let rate = float count / clock.Elapsed.TotalSeconds / 1e6
        printfn "%d transitions, %d episodes, %.2f million transitions/s" count episodes rate
        Shell.wrote path

    let private run (request: Request) : int =
        let card = TaskName.installed request.Task |> Command.orRefuse

        let named word =
            if request.Best then
                let run, why = Player.best card word |> Command.orRefuse
                why |> Option.iter (printfn "%s")
                run
            else
                word

        let request = { request with Policies = List.map named request.Policies }

        match request.Policies |> List.countBy id |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(name, _) -> Command.refuse $"--policy: expected each policy once, got {name} twice."
        | None -> ()

        let isOwn = request.Policies.IsEmpty

        if isOwn && isNull card.Dataset then
            Command.refuse
                $"{card.Name}: expected --policy, because the task has no recipe, got none. Use --policy random, or \
                  --policy FOLDER for a trained run."
        elif isOwn && (request.Noise.IsSome || request.Mean) then
            Command.refuse "--noise, --mean: expected --policy too, got the task's own recipe."

        let standard =
            match request.Policies with
            | [] when Collection.isD4rl card.Name -> Collection.ownName card.Name + ".npz"
            | [] -> card.Name + ".npz"
            | [ "random" ] -> $"{Collection.family card.Name}-iql-random.hdf5"
            | [ _ ] -> $"{Collection.family card.Name}-iql-policy.hdf5"
            | _ -> $"{Collection.family card.Name}-iql-mixture.hdf5"

        let path = Option.defaultValue standard request.Output

        if not (isOwn && Data.isRowFile path) then
            let environment = card.Environment
            let size = Option.defaultValue (if isOwn then card.DatasetSize else 1_000_000) request.Size
            let mend = Plural.given isOwn ", or write a row file: -o FILE.rows"

            Demand.rows
                (float size)
                environment.ObservationSize
                environment.ActionSize
                $"Ask for a smaller --size{mend}"
            |> Demand.within (Demand.available ())
            |> Command.orRefuse

        Collection.checkName path |> Command.orRefuse
        Data.mustBeNew path

        match (Path.GetExtension path).ToLowerInvariant() with
        | _ when isOwn -> ownData request card path
        | ".hdf5"
        | ".h5"
        | ".npz" -> rollOut request card path
        | other ->
            Command.refuse
                $"--output: expected a name ending in .hdf5, .h5 or .npz, got '{other}'. `iql data pack` converts such \
                  a file to a row file."

    let command: Command =
        Command.create
            "data collect"
            "Collect a data set in a task's environment and write it to a file"
            "Without --policy, the task's recipe collects the data. With --policy, each policy collects an equal \
             share of the transitions. Episodes start at the task's starts and end at a terminal or at the time limit \
             (a time-out). The same task, policies, size and seed give the same data on any number of threads."
            [ Parameter.task (fun task (request: Request) -> { request with Task = task }) ]
            [
                Parameter.value
                    "--policy random|FOLDER|FILE.json,..."
                    "The policies: random for uniform actions, folders of trained runs, or policy files. \
                     A sweep's folder means all its runs, or with --best its best. In antmaze-* a policy file is a \
                     walker that follows directions from goal to goal"
                    policies
                    (fun policies (request: Request) -> { request with Policies = request.Policies @ policies })
                |> Parameter.alias [ "--policies" ]
                |> Parameter.repeated
                |> Parameter.showing "the task's own recipe"
                Parameter.value
                    "--noise SIGMA"
                    "Standard deviation of normal noise on trained policies' actions; the sum is clipped to [-1, 1]"
                    (Read.atLeast 0)
                    (fun noise (request: Request) -> { request with Noise = Some noise })
                |> Parameter.showing "0; 0.2 for a walker in antmaze-*"
                Parameter.switch "--best" "Of a sweep's folder, take only its best run" (fun request -> {
                    request with
                        Best = true
                })
                Parameter.switch
                    "--mean"
                    "Policy files act with their mean instead of a sample; trained runs always use the mean"
                    (fun request -> { request with Mean = true })
                Parameter.value "--size N" "Transitions" (Read.whole 1) (fun size (request: Request) -> {
                    request with
                        Size = Some size
                })
                |> Parameter.showing "the task's own number; 1M with --policy"
                Parameter.value
                    "--seed SEED"
                    "Seed of all random numbers; the default gives the data of train and ablate, and 0 with --policy"
                    (Read.whole 0)
                    (fun seed request -> { request with Seed = seed })
                Parameter.output
                    "Output file: .hdf5, .npz, or, without --policy, .rows, which may be larger than memory"
                    (fun file (request: Request) -> { request with Output = Some file })
                |> Parameter.showing "TASK.npz; with --policy ROBOT-iql-....hdf5"
                Parameter.value
                    "--threads N"
                    "Cores to use with --policy; they do not change the data"
                    (Read.whole 1)
                    (fun threads (request: Request) -> { request with Threads = threads })
                |> Parameter.showing "all"
            ]
            [
                "iql data collect pointmaze-umaze-stitch-v0 --size 100k -o maze.hdf5", "a file in D4RL's layout"
                "iql data collect hopper-v4 --policy random --size 1M", "hopper-iql-random.hdf5"
                "dotnet fsi scripts/collect.fsx POLICIES", "data sets like D4RL's, by the recipes in this script"
                "iql data collect hopper-v4 --policy runs/a,runs/b --noise 0.1 -o hopper-iql-mixed.hdf5",
                "two trained policies in equal shares, with noise"
            ]
            {
                Task = ""
                Size = None
                Seed = -1
                Output = None
                Policies = []
                Noise = None
                Best = false
                Mean = false
                Threads = Environment.ProcessorCount
            }
            run
