namespace Iql.Scripts

open System.Collections.Immutable
open System.IO
open System.Threading
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Environments
open Iql.Environments.Tasks

/// Data to be collected by policies that act in a task, each for an equal share of the transitions, one after the
/// other.
type Collection = {
    Task: TaskCard
    /// "random", folders of trained runs, or policy files, as `Player.find` reads them; at least one.
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
    /// The normalised score of their mean; None without episodes, and where D4RL's procedure collects, not the task's.
    Score: float option
}

/// What stands in the file.
type CollectedFile = { Shares: CollectedShare list; Transitions: int; Episodes: int }

/// Who listens while data are collected, and who may stop it.
type CollectionOptions = {
    /// Receives each policy's share when it is done.
    Done: CollectedShare -> unit
    /// Receives the number of rows so far, and of all rows.
    Progress: int64 -> int64 -> unit
    Cancellation: CancellationToken
}

/// Collecting data into files.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Collection =

    /// A million transitions of these policies, which draw their actions; seed 0.
    let standard (task: TaskCard) (policies: string list) : Collection = {
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
        Done = ignore
        Progress = fun _ _ -> ()
        Cancellation = CancellationToken.None
    }

    /// "hopper-v4" and "hopper-medium-v2" are of the hopper.
    let family (task: string) : string = (task.Split '-')[0]

    /// Whether D4RL has data or a task of this name.
    let isD4rl (name: string) : bool =
        ReferenceScores.Find name |> Option.ofObj |> Option.exists _.Source.StartsWith("D4RL")

    /// A name of D4RL's with "iql" in it.
    let ownName (name: string) : string = $"{family name}-iql-{name.Substring((family name).Length + 1)}"

    /// D4RL's files are named hopper-medium-v2.hdf5 or hopper_medium-v2.hdf5: an Error where data of one's own would
    /// be, too.
    let checkName (path: string) : Result<unit, string> =
        let name = (Path.GetFileNameWithoutExtension path).Replace('_', '-')

        if isD4rl name then
            Error(
                $"--output: expected a name that differs from D4RL's files, got {Path.GetFileName path}. "
                + $"Use, for example, {ownName name}{Path.GetExtension path}."
            )
        else
            Ok()

    let private noise (collection: Collection) (policy: Player) : float =
        defaultArg collection.Noise (if policy.Walks then AntMazeData.Noise else 0.0)

    /// A policy's line in the file's metadata.
    let private description (collection: Collection) (policy: Player) : string =
        let noise = string<float>(noise collection policy)

        match policy.Make, policy.Walks with
        | null, _ -> policy.Description
        | _, true -> $"{policy.Description}, following directions from goal to goal by D4RL's procedure, noise {noise}"
        | _ -> $"{policy.Description}, noise {noise}"

    let private collect (collection: Collection) (policy: Player) seed size name progress cancellation =
        let card, noise, threads =
            collection.Task, noise collection policy, min collection.Threads System.Environment.ProcessorCount

        if policy.Walks then
            AntMazeData.Collect(card.Robot, policy.Make, seed, size, name, noise, threads, progress, cancellation)
        else
            RolloutData(Policy = policy.Make, Noise = noise)
                .Collect(card.Environment, seed, size, name, threads, progress, cancellation)

    let private share (card: TaskCard) (policy: Player) (collected: CollectedRows) : CollectedShare =
        let returns = List.ofSeq collected.Returns

        {
            Name = policy.Name
            Transitions = collected.Transitions.Count
            Returns = returns
            Score =
                match returns with
                | _ :: _ when not policy.Walks -> Some(card.Reference.Normalised(List.average returns))
                | _ -> None
        }

    let private saveAll (options: CollectionOptions) (path: string) (collection: Collection) (policies: Player list) =
        let name = Path.GetFileNameWithoutExtension path
        let seed = Seed(uint64 (max 0 collection.Seed))
        let size = int64 collection.Size

        let first i = int (size * int64 i / int64 policies.Length)

        let parts = [
            for i, policy in List.indexed policies do
                let progress (rows: int64) = options.Progress (int64 (first i) + rows) size

                let own, count = seed.Split(uint64 i), first (i + 1) - first i

                let collected = collect collection policy own count name progress options.Cancellation

                let share = share collection.Task policy collected
                options.Done share
                share, collected
        ]

        let rows = List.map snd parts

        let transitions = Transitions.Concatenate(name, [| for part in rows -> part.Transitions |])

        let metadata =
            readOnlyDict [
                "task", collection.Task.Name
                "seed", string seed.Value
                "iql", Version.text
                "algorithm", "roll-out by iql data collect; not a file of D4RL"
                "policies", policies |> List.map (description collection) |> String.concat "\n"
            ]

        let recorded = [|
            for column in collection.Task.Environment.Recorded ->
                let shape = ImmutableArray.Create(int64 transitions.Count, int64 column.Size)
                ArrayData(column.Name, shape, Array.concat [ for part in rows -> part.Column column ])
        |]

        DatasetFile.Save(path, transitions, metadata, recorded)

        {
            Shares = List.map fst parts
            Transitions = transitions.Count
            Episodes = transitions.Episodes.Length
        }

    /// Collects into a new file, .hdf5 or .npz, whose metadata describe its origin. The same collection gives the same
    /// data on any number of threads. The file is there whole or not at all. An Error comes before any work.
    let save (options: CollectionOptions) (path: string) (collection: Collection) : Result<CollectedFile, string> =
        checkName path
        |> Result.bind (fun () -> collection.Policies |> Attempt.each (Player.find collection.Task collection.Mean))
        |> Result.map List.concat
        |> Result.bind (function
            | [] -> Error $"{collection.Task.Name}: expected at least one policy, got none."
            | policies when collection.Size < policies.Length ->
                let minimum = $"at least {policies.Length}, a transition for each policy"
                Error $"--size: expected {minimum}, got {collection.Size}."
            | policies -> Ok(saveAll options path collection policies))
