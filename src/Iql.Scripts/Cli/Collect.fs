namespace Iql.Scripts

open System
open System.Collections.Immutable
open System.Diagnostics
open System.IO
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Mujoco

/// `iql data collect`
[<RequireQualifiedAccess>]
module Collect =

    type private Collection = {
        Task: string
        Size: int option
        Seed: int
        Output: string option
        /// Folders of runs, or "random"; none: the task's own recipe.
        Policies: string list
        Noise: float option
        /// Whether policies of files act by their mean.
        Mean: bool
        Threads: int
    }

    /// "hopper-v4" and "hopper-medium-v2" are of the hopper.
    let private family (task: string) =
        match task.IndexOf '-' with
        | -1 -> task
        | dash -> task.Substring(0, dash)

    let private isD4rl (name: string) =
        match ReferenceScores.Find name with
        | null -> false
        | known -> known.Source.StartsWith "D4RL"

    /// A name of D4RL's with "iql" in it.
    let private ownName (name: string) =
        $"{family name}-iql-{name.Substring((family name).Length + 1)}"

    /// D4RL's files are named hopper-medium-v2.hdf5 or hopper_medium-v2.hdf5: data of one's own are not.
    let private mustNotPassForD4rl (path: string) : unit =
        let name = (Path.GetFileNameWithoutExtension path).Replace('_', '-')

        if isD4rl name then
            raise (
                Refusal
                    $"--output: expected a name that nobody takes for D4RL's file, got {Path.GetFileName path}. Call it {ownName name}{Path.GetExtension path}, say."
            )

    /// D4RL's infos: the state before each decision.
    let private infos (environment: IEnvironment) (parts: CollectedRows list) : ArrayData list =
        match environment with
        | :? MujocoEnvironment as robot ->
            let positions, velocities =
                robot.World.Task.PositionCount, robot.World.Task.VelocityCount

            let column name first width =
                let rows = parts |> List.sumBy _.Transitions.Count
                let numbers: float[] = Array.zeroCreate (rows * width)
                let mutable written = 0

                for part in parts do
                    for row in 0 .. part.Transitions.Count - 1 do
                        Array.blit part.States (row * environment.StateSize + first) numbers written width
                        written <- written + width

                ArrayData(name, ImmutableArray.Create<int64>(int64 rows, int64 width), numbers)

            [
                column "infos/qpos" 0 positions
                column "infos/qvel" positions velocities

                if robot.World.Task :? AntMaze then
                    column "infos/goal" (positions + 2 * velocities) 2
            ]
        | _ -> []

    let private whole (value: float) =
        value.ToString("N0", Globalization.CultureInfo.InvariantCulture)

    /// Who collects: what the file says of it, and how it collects so many transitions.
    type private Collector = {
        Name: string
        Says: string
        /// Whether its returns are the task's.
        Scored: bool
        Collect: Seed -> int -> string -> (int64 -> unit) -> Threading.CancellationToken -> CollectedRows
    }

    let private collector (collection: Collection) (environment: IEnvironment) (acting: Acting) : Collector =
        match environment with
        | :? MujocoEnvironment as robot when acting.Walks ->
            let noise = Option.defaultValue AntMazeData.Noise collection.Noise

            {
                Name = acting.Name
                Says = $"{acting.Says}, steered from goal to goal by D4RL's procedure, noise {Json.numberText noise}"
                Scored = false
                Collect =
                    fun seed size called say cancellation ->
                        AntMazeData.Collect(
                            robot,
                            acting.Policy,
                            seed,
                            size,
                            called,
                            noise,
                            collection.Threads,
                            say,
                            cancellation
                        )
            }
        | _ ->
            let noise =
                if isNull acting.Policy then
                    0.0
                else
                    Option.defaultValue 0.0 collection.Noise

            {
                Name = acting.Name
                Says =
                    (if isNull acting.Policy then
                         acting.Says
                     else
                         $"{acting.Says}, noise {Json.numberText noise}")
                Scored = true
                Collect =
                    fun seed size called say cancellation ->
                        RolloutData(Policy = acting.Policy, Noise = noise)
                            .Collect(environment, seed, size, called, collection.Threads, say, cancellation)
            }

    /// Rolls policies out, in equal shares one after the other.
    let private rollOut (collection: Collection) (card: TaskCard) (path: string) : int =
        let environment = card.Environment
        let size = Option.defaultValue 1_000_000 collection.Size

        let policies =
            collection.Policies
            |> List.collect (Acting.find environment collection.Mean)
            |> List.map (collector collection environment)

        if size < policies.Length then
            raise (Refusal $"--size: expected at least {policies.Length}, a transition for each policy, got {size}.")

        let name = Path.GetFileNameWithoutExtension path
        let seed = Seed(uint64 (max 0 collection.Seed))
        let clock = Stopwatch.StartNew()
        let say = Data.watch ()

        let parts =
            Interrupt.guardSaying Data.stopping (fun cancellation -> [
                for i, actor in List.indexed policies do
                    let first = int (int64 size * int64 i / int64 policies.Length)
                    let last = int (int64 size * int64 (i + 1) / int64 policies.Length)

                    let collected =
                        actor.Collect
                            (seed.Split(uint64 i))
                            (last - first)
                            name
                            (fun rows -> say (int64 first + rows) (int64 size))
                            cancellation

                    if collected.Returns.Count > 0 then
                        let mean = Seq.average collected.Returns

                        let score =
                            if actor.Scored then
                                $", score {card.Reference.Normalised mean:F1}"
                            else
                                ""

                        printfn
                            "%s: %s transitions, %s episodes to their end, mean return %.1f%s"
                            actor.Name
                            (whole (float collected.Transitions.Count))
                            (whole (float collected.Returns.Count))
                            mean
                            score

                    collected
            ])

        let transitions =
            Transitions.Concatenate(name, [| for part in parts -> part.Transitions |])

        let metadata =
            readOnlyDict [
                "task", card.Name
                "seed", string seed.Value
                "iql", Shell.version
                "algorithm", "roll-out by iql data collect; not a file of D4RL"
                "policies", policies |> List.map _.Says |> String.concat "\n"
            ]

        DatasetFile.Save(path, transitions, metadata, List.toArray (infos environment parts))
        let rate = float transitions.Count / clock.Elapsed.TotalSeconds

        printfn
            "%d transitions, %d episodes, %s transitions/s"
            transitions.Count
            transitions.Episodes.Length
            (whole rate)

        printfn "%s" (Path.GetFullPath path)
        Shell.success

    /// The task's own recipe.
    let private ownData (collection: Collection) (card: TaskCard) (path: string) : int =
        let seed =
            if collection.Seed < 0 then
                Seed.Named "dataset"
            else
                Seed(uint64 collection.Seed)

        let clock = Stopwatch.StartNew()
        let size = Option.defaultValue card.DatasetSize collection.Size

        let metadata =
            readOnlyDict [ "task", card.Name; "seed", string seed.Value; "iql", Shell.version ]

        let count, episodes =
            if Data.isRowFile path then
                let say = Data.watch ()

                Interrupt.guardSaying Data.stopping (fun cancellation ->
                    let environment = card.Environment

                    RowFileWriter.Write(
                        path,
                        Path.GetFileNameWithoutExtension path,
                        environment.ObservationSize,
                        environment.ActionSize,
                        metadata,
                        (fun writer ->
                            for piece in card.DatasetPieces.Invoke(seed, int64 size) do
                                cancellation.ThrowIfCancellationRequested()
                                writer.Add piece
                                say writer.Count (int64 size)),
                        environment.ActionSpace.Kind
                    ))

                let file = RowFile path
                file.Count, file.Statistics.Episodes
            else
                let transitions = card.Dataset.Invoke(seed, size)
                DatasetFile.Save(path, transitions, metadata)
                int64 transitions.Count, int64 transitions.Episodes.Length

        let rate = float count / clock.Elapsed.TotalSeconds / 1e6
        printfn "%d transitions, %d episodes, %.2f million transitions/s" count episodes rate
        printfn "%s" (Path.GetFullPath path)
        Shell.success

    let private run (collection: Collection) : int =
        let card = Problem.task collection.Task

        match card.Dataset, collection.Policies with
        | null, [] ->
            raise (
                Refusal
                    $"{card.Name}: expected --policy, since the task has no recipe of its own, got none. --policy random acts at random; --policy FOLDER as a trained run does."
            )
        | null, _ -> ()
        | _, [] when collection.Noise.IsSome || collection.Mean ->
            raise (Refusal "--noise, --mean: expected --policy with it, got the task's own recipe.")
        | _ -> ()

        let standard =
            match collection.Policies with
            | [] when isD4rl card.Name -> ownName card.Name + ".npz"
            | [] -> card.Name + ".npz"
            | [ "random" ] -> $"{family card.Name}-iql-random.hdf5"
            | [ _ ] -> $"{family card.Name}-iql-policy.hdf5"
            | _ -> $"{family card.Name}-iql-mixture.hdf5"

        let path = Option.defaultValue standard collection.Output
        mustNotPassForD4rl path
        Data.mustBeNew path

        match card.Dataset, collection.Policies with
        | null, _
        | _, _ :: _ ->
            match (Path.GetExtension path).ToLowerInvariant() with
            | ".hdf5"
            | ".h5"
            | ".npz" -> rollOut collection card path
            | other ->
                raise (
                    Refusal
                        $"--output: expected a name ending in .hdf5, .h5 or .npz, got '{other}'. `iql data pack` makes a row file of it."
                )
        | _, [] -> ownData collection card path

    let command: Command =
        Command.create
            "data collect"
            "Collect a data set by acting in a task, into a file"
            "Without --policy, by the task's own recipe. With it, the policies act from the task's own starts until an episode ends or reaches the time limit (a time-out), each for an equal share of the transitions, one after the other. The same task, policies, size and seed give the same data on any number of threads."
            [
                Parameter.value
                    "TASK"
                    ""
                    "A task; `iql tasks` lists them"
                    Read.text
                    (fun task (collection: Collection) -> { collection with Task = task })
            ]
            [
                Parameter.value
                    "--policy"
                    "random|FOLDER|FILE.json,..."
                    "Who acts: uniformly random actions, trained runs by their folders (a sweep's folder stands for all its runs), or policy files; in antmaze-* these are walkers that are steered from goal to goal"
                    (Read.listOf Read.text)
                    (fun policies (collection: Collection) -> { collection with Policies = policies })
                |> Parameter.alias [ "--policies" ]
                |> Parameter.showing "the task's own recipe"
                Parameter.value
                    "--noise"
                    "SIGMA"
                    "Standard deviation of normal noise on trained policies' actions, clipped to [-1, 1] after it"
                    (Read.atLeast 0)
                    (fun noise (collection: Collection) -> { collection with Noise = Some noise })
                |> Parameter.showing "0; 0.2 for a walker in antmaze-*"
                Parameter.switch
                    "--mean"
                    "Policy files act by their mean instead of drawing from their distribution; trained runs always do"
                    (fun (collection: Collection) -> { collection with Mean = true })
                Parameter.value "--size" "N" "Transitions" (Read.whole 1) (fun size (collection: Collection) -> {
                    collection with
                        Size = Some size
                })
                |> Parameter.showing "the task's own number; 1M with --policy"
                Parameter.value
                    "--seed"
                    "SEED"
                    "Where every draw comes from; without it, the data that train and ablate use, or 0 with --policy"
                    (Read.whole 0)
                    (fun seed (collection: Collection) -> { collection with Seed = seed })
                Parameter.value
                    "--output"
                    "FILE"
                    "Where to: .hdf5, .npz, or, without --policy, .rows, which may be larger than memory"
                    Read.text
                    (fun file (collection: Collection) -> { collection with Output = Some file })
                |> Parameter.alias [ "-o"; "--out" ]
                |> Parameter.showing "TASK.npz; with --policy ROBOT-iql-....hdf5"
                Parameter.value
                    "--threads"
                    "N"
                    "Cores to use with --policy; the data do not depend on it"
                    (Read.whole 1)
                    (fun threads (collection: Collection) -> { collection with Threads = threads })
                |> Parameter.showing "all"
            ]
            [
                "iql data collect pointmaze-umaze-stitch-v0 --size 100k -o maze.hdf5", "a file in D4RL's layout"
                "iql data collect hopper-v4 --policy random --size 1M", "hopper-iql-random.hdf5"
                "iql data collect hopper-v4 --policy runs/a,runs/b --noise 0.1 -o hopper-iql-mixed.hdf5",
                "two trained policies in equal shares, disturbed"
            ]
            {
                Task = ""
                Size = None
                Seed = -1
                Output = None
                Policies = []
                Noise = None
                Mean = false
                Threads = Environment.ProcessorCount
            }
            run
