namespace Iql.Scripts

open System
open System.Collections.Immutable
open System.IO
open System.Threading
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco

/// Data to be collected by policies that act in a task, each for an equal share of the transitions, one after the other.
type Collection = {
    Task: string
    /// "random", folders of trained runs, or policy files, as `Acting.find` reads them; at least one.
    Policies: string list
    /// Transitions, at least one for each policy.
    Size: int
    Seed: int
    /// Standard deviation of the noise on actions; None: 0, or what D4RL's procedure has where it applies (antmaze-*).
    Noise: float option
    /// Whether policies of files act by their mean; else they draw.
    Mean: bool
    /// The data do not depend on it; 0 takes one a core.
    Threads: int
}

/// What one policy did.
type CollectedShare = {
    /// The policy, as the collection names it.
    Name: string
    Transitions: int
    /// Of every episode that came to its end.
    Returns: float list
    /// The normalised score of their mean; None without episodes, and where data are collected by another procedure than the task's.
    Score: float option
}

/// What stands in the file.
type CollectedFile = {
    Shares: CollectedShare list
    Transitions: int
    Episodes: int
}

/// Who listens while data are collected, and who may stop it.
type CollectionOptions = {
    /// Told of each policy's share when it is done.
    Say: CollectedShare -> unit
    /// Told of the rows there are, and of how many there will be.
    Watch: int64 -> int64 -> unit
    Cancellation: CancellationToken
}

/// Collecting data into files.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Collection =

    /// A million transitions of these policies, which draw their actions; seed 0.
    let standard (task: string) (policies: string list) : Collection = {
        Task = task
        Policies = policies
        Size = 1_000_000
        Seed = 0
        Noise = None
        Mean = false
        Threads = 0
    }

    /// Nobody listens, nobody stops it.
    let quietly: CollectionOptions = {
        Say = ignore
        Watch = fun _ _ -> ()
        Cancellation = CancellationToken.None
    }

    /// "hopper-v4" and "hopper-medium-v2" are of the hopper.
    let family (task: string) : string =
        match task.IndexOf '-' with
        | -1 -> task
        | dash -> task.Substring(0, dash)

    /// Whether D4RL has data or a task of this name.
    let isD4rl (name: string) : bool =
        match ReferenceScores.Find name with
        | null -> false
        | known -> known.Source.StartsWith "D4RL"

    /// A name of D4RL's with "iql" in it.
    let ownName (name: string) : string =
        $"{family name}-iql-{name.Substring((family name).Length + 1)}"

    /// D4RL's files are named hopper-medium-v2.hdf5 or hopper_medium-v2.hdf5: data of one's own are not.
    let mustNotPassForD4rl (path: string) : unit =
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

    /// Who collects: what the file says of it, and how it collects so many transitions.
    type private Collector = {
        Name: string
        Says: string
        /// Whether its returns are the task's.
        Scored: bool
        Collect: Seed -> int -> string -> (int64 -> unit) -> CancellationToken -> CollectedRows
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

    let private share (card: TaskCard) (actor: Collector) (collected: CollectedRows) : CollectedShare =
        let returns = List.ofSeq collected.Returns

        {
            Name = actor.Name
            Transitions = collected.Transitions.Count
            Returns = returns
            Score =
                if actor.Scored && not returns.IsEmpty then
                    Some(card.Reference.Normalised(List.average returns))
                else
                    None
        }

    /// Collects into a new file, .hdf5 or .npz, with what says how it came about. The same collection gives the same data on any number
    /// of threads; the file is there whole or not at all. What cannot be collected is refused before any work.
    let save (options: CollectionOptions) (path: string) (collection: Collection) : CollectedFile =
        let card = Problem.task collection.Task
        let environment = card.Environment
        mustNotPassForD4rl path

        let policies =
            collection.Policies
            |> List.collect (Acting.find environment collection.Mean)
            |> List.map (collector collection environment)

        if policies.IsEmpty then
            raise (Refusal $"{card.Name}: expected at least one policy, got none.")

        if collection.Size < policies.Length then
            raise (
                Refusal
                    $"--size: expected at least {policies.Length}, a transition for each policy, got {collection.Size}."
            )

        let name = Path.GetFileNameWithoutExtension path
        let seed = Seed(uint64 (max 0 collection.Seed))
        let size = int64 collection.Size

        let parts = [
            for i, actor in List.indexed policies do
                let first = int (size * int64 i / int64 policies.Length)
                let last = int (size * int64 (i + 1) / int64 policies.Length)

                let collected =
                    actor.Collect
                        (seed.Split(uint64 i))
                        (last - first)
                        name
                        (fun rows -> options.Watch (int64 first + rows) size)
                        options.Cancellation

                let share = share card actor collected
                options.Say share
                share, collected
        ]

        let rows = List.map snd parts

        let transitions =
            Transitions.Concatenate(name, [| for part in rows -> part.Transitions |])

        let metadata =
            readOnlyDict [
                "task", card.Name
                "seed", string seed.Value
                "iql", Version.text
                "algorithm", "roll-out by iql data collect; not a file of D4RL"
                "policies", policies |> List.map _.Says |> String.concat "\n"
            ]

        DatasetFile.Save(path, transitions, metadata, List.toArray (infos environment rows))

        {
            Shares = List.map fst parts
            Transitions = transitions.Count
            Episodes = transitions.Episodes.Length
        }
