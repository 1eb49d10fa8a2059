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

/// What runs learn from, and where their policies are scored.
type Problem = {
    /// None: no environment, so no scores.
    Task: TaskCard option
    /// As they came, before normalisation: what `iql data inspect` looks at.
    Raw: IDataset
    /// What a learner sees.
    Transitions: IDataset
    Normalization: Normalization
    Dataset: DatasetInfo
}

/// Problems from data sources. What cannot be loaded is an Error that says what was expected.
[<RequireQualifiedAccess>]
module Problem =

    /// The task when nobody names one.
    let standardTask = DataSource.name DataSource.standard

    /// The nearest name of a task here, or of a data set of D4RL, as a question; nothing where none is near. D4RL's
    /// data sets without an environment here can be learned from by name, if without scores.
    let meant (name: string) : string =
        Spelling.didYouMean
            [
                for card in Tasks.All -> card.Name
                for card in MujocoTasks.All -> card.Name
                for file in Download.D4rlFile.All -> file.Task
            ]
            name

    /// A task that has an environment here, by its name; whether its library is installed is not asked.
    let card (name: string) : Result<TaskCard, string> =
        match Tasks.Find name with
        | null ->
            let own = [ for card in Tasks.All -> card.Name ] |> String.concat ", "

            Error
                $"task: expected one of {own}, or one of MuJoCo's ({MujocoTasks.Names}; `iql tasks` lists them), \
                  got {name}.{meant name}"
        | card -> Ok card

    /// A task that has an environment here, by its name. One on MuJoCo needs its library, which is asked for before any
    /// work.
    let task (name: string) : Result<TaskCard, string> = result {
        let! card = card name

        return!
            Attempt.run (fun () ->
                card.Environment.Require()
                card)
    }

    /// As --mode has it.
    let private modeName (mode: DatasetMode) =
        if mode = DatasetMode.Strict then "strict" else "d4rl"

    /// Maps a row file. What its rows are was decided when it was written: another mode would change nothing.
    let private mapRows (path: string) (mode: DatasetMode option) : Result<IDataset, string> =
        let file = RowFile path

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
    let load (source: DataSource) : Result<Problem, string> = result {
        let! card =
            match source with
            | DataSource.Task(name, _)
            | DataSource.File(_, _, Some name)
            | DataSource.Memory(_, Some name) -> task name |> Result.map Some
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

                Error
                    $"{which}: expected observations of {card.Environment.ObservationSize} numbers and \
                      {card.Environment.ActionSpace}, as in {card.Name}, got {raw.ObservationSize} and \
                      {raw.ActionSpace}."
            | _ ->
                Attempt.run (fun () ->
                    let rewards = card |> Option.map _.Rewards |> Option.defaultValue RewardRule.None
                    let normalization = Normalization.Of(raw, false, rewards)

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
                                Option.toObj origin
                            )
                    })
    }

    /// The maze that observations are places in, to look at from above; None where they are no places.
    let maze (problem: Problem) : Maze option =
        problem.Task |> Option.bind (fun card -> Option.ofObj card.Map)

    /// The episodes of highest return. Those of a row file are not looked for: it may be larger than memory, and gives
    /// single rows.
    let private select (share: float) (of': ShareOf) (raw: IDataset) : Result<IDataset, string> =
        match raw with
        | :? Transitions as transitions -> Ok(BestEpisodes.Of(transitions, share, of'))
        | _ ->
            Error
                $"{raw.Name}: expected transitions in memory to choose the best {100.0 * share:G6} %% of, got a row \
                  file, which gives single rows. Train on the .hdf5 or .npz file, or on all rows: --best-share 1."

    /// The problem as a trial sees it: the episodes its algorithm selects, normalised as the trial says, the problem's
    /// own way where it says nothing.
    let forTrial (problem: Problem) (trial: Trial) : Result<Problem, string> =
        let selection = Option.ofNullable trial.Config.Selection
        let own = problem.Normalization
        let rewards = defaultArg trial.Rewards own.Rewards
        let observations = defaultArg trial.NormalizeObservations own.ChangesObservations

        if
            selection.IsNone
            && rewards = own.Rewards
            && observations = own.ChangesObservations
        then
            Ok problem
        else
            result {
                let! kept =
                    match selection with
                    | Some(struct (share, of')) -> select share of' problem.Raw
                    | None -> Ok problem.Raw

                return!
                    Attempt.run (fun () ->
                        let normalization =
                            if rewards = RewardRule.Custom then
                                Normalization
                                    .Custom(own.RewardScale, own.RewardShift)
                                    .WithObservations(Normalization.Of(kept, observations, RewardRule.None))
                            else
                                Normalization.Of(kept, observations, rewards)

                        let normalization = normalization.WithActionLimit own.ActionLimit

                        {
                            problem with
                                Transitions = kept.Normalized normalization
                                Normalization = normalization
                        })
            }

    /// The same, computed once for trials that want the same.
    let preparing (problem: Problem) : Trial -> Result<Problem, string> =
        let known =
            Collections.Concurrent.ConcurrentDictionary<
                Nullable<struct (float * ShareOf)> * RewardRule option * bool option,
                Lazy<Result<Problem, string>>
             >()

        fun trial ->
            let wanted = trial.Config.Selection, trial.Rewards, trial.NormalizeObservations

            known.GetOrAdd(wanted, lazy (forTrial problem trial)).Value

    /// What a user should hear before a trial is trained on the problem that it sees.
    let remarks (problem: Problem) (trial: Trial) : string list = [
        let algorithm = Trial.algorithm trial
        let statistics = problem.Raw.Statistics

        if
            algorithm.UsesRewards
            && statistics.RewardsZeroOrOne
            && statistics.RewardMean < 0.05
            && statistics.Terminals > 0L
            && problem.Normalization.RewardShift = 0.0
        then
            yield
                "the rewards are 0 except at the goal. The paper trains such data with r - 1, so that every step has \
                 a cost: --rewards antmaze"

        let range = 1000.0 / problem.Normalization.RewardScale
        let largest = statistics.LargestReturn

        if
            algorithm.UsesRewards
            && problem.Normalization.Rewards = RewardRule.ReturnRange
            && range < 0.01 * largest
        then
            yield
                $"returns of up to {largest:G4} differ by {range:G4} only, so rewards are multiplied by \
                  {problem.Normalization.RewardScale:G4}. To keep them unchanged: --rewards none"

        yield! trial.Config.Remarks trial.Steps

        let beyond = 100.0 * statistics.ActionsOutside

        if beyond > 1.0 then
            yield $"{beyond:F0} %% of the action numbers are outside [-1, 1], and no policy acts there"
    ]
