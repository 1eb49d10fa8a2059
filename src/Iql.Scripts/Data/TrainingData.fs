namespace Iql.Scripts

open System
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Rows
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Training

/// What runs learn from, and the task in which their policies are scored.
[<StructuredFormatDisplay("{Line}")>]
type TrainingData = {
    /// None: no environment, so no scores.
    Task: TaskCard option
    /// As they came, before normalisation: what `iql data inspect` looks at.
    Raw: IDataset
    /// What a learner sees.
    Transitions: IDataset
    Normalization: Normalization
    Dataset: DatasetInfo
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string =
        $"TrainingData {own.Dataset.Name}: {own.Dataset.Transitions} transitions, {own.Dataset.Episodes} episodes"

    override own.ToString() = own.Line

/// Training data from data sources. What cannot be loaded is an Error that says what was expected.
[<RequireQualifiedAccess>]
module TrainingData =

    /// As --mode has it.
    let private modeName (mode: DatasetMode) = if mode = DatasetMode.Strict then "strict" else "d4rl"

    /// Maps a row file. What its rows are was decided when it was written: another mode would change nothing.
    let private mapRows (path: string) (mode: DatasetMode option) : Result<IDataset, string> =
        let file = RowFile path
        file.VerifyOnce()

        let written =
            match file.Metadata.TryGetValue "mode" with
            | true, name -> Enum.GetValues<DatasetMode>() |> Array.tryFind (fun mode -> string mode = name)
            | _ -> None

        match mode, written with
        | Some mode, Some own when mode <> own ->
            Error
                $"--mode: expected {modeName own}, as {path} was packed, got {modeName mode}. Leave --mode out, or \
                  pack its source again: iql data pack FILE --mode {modeName mode}."
        | Some mode, None ->
            Error
                $"--mode: expected none for {path}, a row file that was written as transitions, got {modeName mode}. \
                  Leave --mode out."
        | _ -> Ok file

    /// The rows of a source. A row file is mapped, not read.
    let private rows (source: DataSource) (card: TaskCard option) : Result<IDataset, string> =
        match source, card with
        | DataSource.Task(_, transitions), Some card when not (isNull card.Dataset) ->
            Ok(card.Dataset.Collect(Seed.Named "dataset", defaultArg transitions card.DatasetSize))
        | DataSource.Task(name, _), _ ->
            Error
                $"--task {name}: expected --data FILE too, got none: Iql does not include its data. Give a file, or \
                  collect data with `iql data collect`."
        | DataSource.File(path, mode, _), _ when RowFile.IsRowFile path -> mapRows path mode
        | DataSource.File(path, mode, _), _ ->
            // The task knows how many choices there are, also where the data never make the last one.
            let choices =
                match card with
                | Some card when card.Environment.ActionSpace.IsDiscrete -> Nullable card.Environment.ActionSize
                | _ -> Nullable()

            Ok(DatasetFile.Load(path, defaultArg mode DatasetMode.D4rlParity, actionCount = choices))
        | DataSource.Memory(data, _), _ -> Ok data

    /// The transitions of a source, collected, read or mapped, with the rewards that the task wants.
    let load (source: DataSource) : Result<TrainingData, string> = result {
        let! card =
            match source with
            | DataSource.Task(name, _)
            | DataSource.File(_, _, Some name)
            | DataSource.Memory(_, Some name) -> TaskName.installed name |> Result.map Some
            | _ -> Ok None

        let! raw = Attempt.reading (fun () -> rows source card)

        return!
            match card with
            | Some card when
                card.Environment.ObservationSize <> raw.ObservationSize
                || card.Environment.ActionSpace <> raw.ActionSpace
                ->
                let which =
                    match source with
                    | DataSource.File(path, _, _) -> path
                    | _ -> raw.Name

                let wanted = card.Environment.ActionSpace.Beside card.Environment.ObservationSize

                Error
                    $"{which}: expected {wanted}, as in {card.Name}, got {raw.ActionSpace.Beside raw.ObservationSize}. \
                      Name the task of these data, or leave the task out to train without scores."
            | _ ->
                Attempt.run (fun () ->
                    let rewards = card |> Option.map _.Rewards |> Option.defaultValue RewardRule.None

                    let normalization =
                        Normalization.Of(raw, OwnData.is source, rewards).WithActions(raw, OwnData.scaling source raw)

                    let from, origin =
                        match source with
                        | DataSource.Task _ -> "generated", None
                        | DataSource.File(path, _, _) -> Path.GetFileName path, DataOrigin.ofFile path
                        | DataSource.Memory _ -> "memory", None

                    {
                        Task = card
                        Raw = raw
                        Transitions = raw.Normalized normalization
                        Normalization = normalization
                        Dataset =
                            DatasetInfo(
                                raw.Name,
                                from,
                                raw.Count,
                                raw.Statistics.Episodes,
                                raw.Fingerprint,
                                Option.toObj origin,
                                raw.Columns
                            )
                    })
    }

    /// The transitions of a file of one's own.
    let ofFile (file: DataFile) : Result<TrainingData, string> = load (DataFile.source file)

    /// The maze that observations are places in, to look at from above; None where they are no places.
    let maze (data: TrainingData) : Maze option = data.Task |> Option.bind (fun card -> Option.ofObj card.Map)

    /// The share of rows inside walls, where observations are places in a maze.
    let private inWalls (data: TrainingData) : float =
        match maze data with
        | None -> 0.0
        | Some maze ->
            let rows = data.Raw.Sample 1000

            [ 0 .. max 1 (rows.Count / 1000) .. rows.Count - 1 ]
            |> List.averageBy (fun row ->
                let place = rows.Observation row
                if maze.CellAt(float place[0], float place[1]) < 0 then 1.0 else 0.0)

    /// Refuses data to go on from in another task: by what their file and its name say, and by places inside walls.
    let ofItsTask (source: DataSource) (data: TrainingData) : Result<unit, string> =
        let named =
            match source with
            | DataSource.File(path, _, _) -> [
                data.Dataset.Origin |> Option.ofObj |> Option.bind (_.Task >> Option.ofObj)
                Some(Path.GetFileName path)
              ]
            | _ -> []

        match data.Task with
        | None ->
            Error
                $"{data.Dataset.Name}: expected data with a task to act in, got none. Name it: --task NAME; `iql \
                  tasks` lists them."
        | Some card ->
            let own = TaskName.world card.Name

            let walls = inWalls data

            let isOther name =
                let world = TaskName.world name
                world.IsSome && world <> own

            match List.choose id named |> List.tryFind isOther with
            | Some name ->
                Error $"{data.Dataset.Source}: expected data of {card.Name}, got those of {name}, another task."
            | None when walls > 0.05 ->
                Error
                    $"{data.Dataset.Source}: expected places in {card.Name}, got {100.0 * walls:F0} %% of rows in its \
                      walls. The data are of another task."
            | None -> Ok()

    /// The episodes of highest return. Those of a row file are not looked for: it may be larger than memory, and gives
    /// single rows.
    let private select (share: float) (of': ShareOf) (raw: IDataset) : Result<IDataset, string> =
        match raw with
        | :? Transitions as transitions -> Ok(BestEpisodes.Of(transitions, share, of'))
        | _ ->
            Error
                $"{raw.Name}: expected transitions in memory to choose the best {100.0 * share:G6} %% of, got a row \
                  file, which gives single rows. Train on the .hdf5 or .npz file, or on all rows: --best-share 1."

    /// The data as a trial sees it: the episodes its algorithm selects, normalised as the trial says, and the task's
    /// own way where it says nothing.
    let forTrial (data: TrainingData) (trial: Trial) : Result<TrainingData, string> =
        let selection = Option.ofNullable trial.Config.Selection
        let own = data.Normalization
        let rewards = defaultArg trial.Rewards own.Rewards
        let observations = defaultArg trial.NormalizeObservations own.ChangesObservations
        let scaling = defaultArg trial.ActionScaling own.ActionScaling

        if
            selection.IsNone
            && rewards = own.Rewards
            && observations = own.ChangesObservations
            && scaling = own.ActionScaling
        then
            Ok data
        else
            result {
                let! kept =
                    match selection with
                    | Some(struct (share, of')) -> select share of' data.Raw
                    | None -> Ok data.Raw

                return!
                    Attempt.run (fun () ->
                        let normalization =
                            if rewards = RewardRule.Custom then
                                Normalization
                                    .Custom(own.RewardScale, own.RewardShift)
                                    .WithObservations(Normalization.Of(kept, observations, RewardRule.None))
                            else
                                Normalization.Of(kept, observations, rewards)

                        // The bounds are those of what can be set, whichever episodes are learned from.
                        let normalization =
                            normalization.WithActionLimit(own.ActionLimit).WithActions(data.Raw, scaling)

                        { data with Transitions = kept.Normalized normalization; Normalization = normalization })
            }

    /// The same, computed once for trials that want the same.
    let preparing (data: TrainingData) : Trial -> Result<TrainingData, string> =
        let known =
            Collections.Concurrent.ConcurrentDictionary<
                Nullable<struct (float * ShareOf)> * RewardRule option * bool option * ActionScaling option,
                Lazy<Result<TrainingData, string>>
             >()

        fun trial ->
            let wanted = trial.Config.Selection, trial.Rewards, trial.NormalizeObservations, trial.ActionScaling

            known.GetOrAdd(wanted, lazy (forTrial data trial)).Value

    /// What a user should hear before a trial is trained on the data that it sees.
    let remarks (data: TrainingData) (trial: Trial) : string list = [
        yield! Option.toList trial.Protocol
        let algorithm = Trial.algorithm trial
        let statistics = data.Raw.Statistics

        if
            algorithm.UsesRewards
            && statistics.RewardsZeroOrOne
            && statistics.RewardMean < 0.05
            && statistics.Terminals > 0L
            && data.Normalization.RewardShift = 0.0
        then
            yield
                "the rewards are 0 except at the goal. The paper trains such data with r - 1, so that every step has \
                 a cost: --rewards antmaze"

        let range = 1000.0 / data.Normalization.RewardScale
        let largest = statistics.LargestReturn

        if
            algorithm.UsesRewards
            && data.Normalization.Rewards = RewardRule.ReturnRange
            && range < 0.01 * largest
        then
            yield
                $"returns of up to {largest:G4} differ by {range:G4} only, so rewards are multiplied by \
                  {data.Normalization.RewardScale:G4}. To keep them unchanged: --rewards none"

        let alone = trial.Online |> Option.map (fun online -> int online.OfflineSteps)
        yield! trial.Config.Remarks(defaultArg alone trial.Steps)
        yield! OwnData.remarks data.Raw data.Normalization trial
    ]
