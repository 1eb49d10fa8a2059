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

/// Problems from built-in tasks and from files.
[<RequireQualifiedAccess>]
module Problem =

    /// The task when nobody names one.
    let standardTask = "pointmaze-umaze-stitch-v0"

    /// The nearest name of a task here, or of a data set of D4RL, as a question; nothing where none is near. D4RL's data sets without an
    /// environment here can be learned from by name, if without scores.
    let meant (name: string) : string =
        Spelling.didYouMean
            [
                for card in Tasks.All -> card.Name
                for card in MujocoTasks.All -> card.Name
                for file in Download.D4rlFile.All -> file.Task
            ]
            name

    /// A task that has an environment here, by its name; whether its library is installed is not asked.
    let card (name: string) : TaskCard =
        match Tasks.Find name with
        | null ->
            let own = [ for card in Tasks.All -> card.Name ]

            raise (
                Refusal
                    $"""task: expected one of {String.concat ", " own}, or one of MuJoCo's ({MujocoTasks.Names}; `iql tasks` lists them), got {name}.{meant name}"""
            )
        | card -> card

    /// A task that has an environment here, by its name. One on MuJoCo needs its library, which is asked for before any work.
    let task (name: string) : TaskCard =
        let card = card name

        if card.Environment :? Mujoco.MujocoEnvironment then
            Mujoco.MujocoLibrary.Require()

        card

    /// The data set that comes with a task.
    let private ownData (card: TaskCard) : Func<Seed, int, Transitions> =
        match card.Dataset with
        | null ->
            raise (
                Refusal
                    $"--task {card.Name}: expected --data FILE with it, got none: its data do not come with Iql. Give a file, or collect data of your own: `iql data collect`."
            )
        | data -> data

    let private prepare
        (task: TaskCard option)
        (source: string)
        (rewards: RewardRule)
        (observations: bool)
        (raw: IDataset)
        : Problem =
        let normalization = Normalization.Of(raw, observations, rewards)

        {
            Task = task
            Raw = raw
            Transitions = raw.Normalized normalization
            Normalization = normalization
            Dataset = DatasetInfo(raw.Name, source, raw.Count, raw.Statistics.Episodes, raw.Fingerprint)
        }

    /// What a task's data has done to its rewards when nobody says otherwise.
    let private rule (card: TaskCard) =
        if card.RewardShift = -1.0 then
            RewardRule.AntMaze
        else
            RewardRule.None

    /// A built-in task with data collected on the spot: always the same for a number of transitions.
    let collect
        (name: string)
        (transitions: int option)
        (rewards: RewardRule option)
        (normalizeObservations: bool)
        : Problem =
        let card = task name

        let data = ownData card
        let raw = data.Invoke(Seed.Named "dataset", defaultArg transitions card.DatasetSize)

        prepare (Some card) "generated" (defaultArg rewards (rule card)) normalizeObservations raw

    /// A built-in task with so many transitions, everything else as the task has it.
    let ofTask (name: string) (transitions: int) : Problem =
        collect name (Some transitions) None false

    /// As --mode has it.
    let private modeName (mode: DatasetMode) =
        if mode = DatasetMode.Strict then "strict" else "d4rl"

    /// Maps a row file. What its rows are was decided when it was written: another mode would change nothing.
    let private mapRows (path: string) (mode: DatasetMode option) : IDataset =
        let file = RowFile path

        let written =
            match file.Metadata.TryGetValue "mode" with
            | true, name -> Enum.GetValues<DatasetMode>() |> Array.tryFind (fun mode -> string mode = name)
            | _ -> None

        match mode, written with
        | Some mode, Some own when mode <> own ->
            raise (
                Refusal
                    $"--mode: expected {modeName own}, as {path} was packed, got {modeName mode}. Leave --mode out, or pack its source again: iql data pack FILE --mode {modeName mode}."
            )
        | Some mode, None ->
            raise (
                Refusal
                    $"--mode: expected none for {path}, a row file that was written as transitions, got {modeName mode}. Leave --mode out."
            )
        | _ -> file

    /// The transitions of a file, scored in a built-in task if one is named. A row file is mapped, not read, and has its mode already:
    /// another is refused. Without a mode, rows of other files become transitions as D4RL has them.
    let ofFile
        (path: string)
        (mode: DatasetMode option)
        (taskName: string option)
        (rewards: RewardRule option)
        (normalizeObservations: bool)
        : Problem =
        let card = taskName |> Option.map task

        let raw: IDataset =
            if RowFile.IsRowFile path then
                mapRows path mode
            else
                // The task knows how many choices there are, also where the data never make the last one.
                let choices =
                    match card with
                    | Some card when card.Environment.ActionSpace.IsDiscrete -> Nullable card.Environment.ActionSize
                    | _ -> Nullable()

                DatasetFile.Load(path, defaultArg mode DatasetMode.D4rlParity, actionCount = choices)

        match card with
        | Some card when
            card.Environment.ObservationSize <> raw.ObservationSize
            || card.Environment.ActionSpace <> raw.ActionSpace
            ->
            raise (
                Refusal
                    $"{path}: expected observations of {card.Environment.ObservationSize} numbers and {card.Environment.ActionSpace}, as in {card.Name}, got {raw.ObservationSize} and {raw.ActionSpace}."
            )
        | _ ->
            let own = card |> Option.map rule |> Option.defaultValue RewardRule.None
            prepare card (Path.GetFileName path) (defaultArg rewards own) normalizeObservations raw

    /// The maze that observations are places in, to look at from above; None where they are no places.
    let maze (problem: Problem) : Maze option =
        problem.Task
        |> Option.bind (fun card ->
            match card.Environment with
            | :? GridMaze -> None
            | _ -> Option.ofObj card.Maze)

    /// The episodes of highest return. Those of a row file are not looked for: it may be larger than memory, and gives single rows.
    let private select (selection: Selection) (raw: IDataset) : IDataset =
        match raw with
        | :? Transitions as transitions -> BestEpisodes.Of(transitions, selection.Share, selection.Of)
        | _ ->
            raise (
                Refusal
                    $"{raw.Name}: expected transitions in memory to choose the best {100.0 * selection.Share:G6} %% of, got a row file, which gives single rows. Train on the .hdf5 or .npz file, or on all rows: --best-share 1."
            )

    /// The problem as a trial sees it: the episodes its algorithm selects, normalised as the trial says, the problem's own way where it
    /// says nothing.
    let forTrial (problem: Problem) (trial: Trial) : Problem =
        let selection = (Trial.entry trial).Selection trial.Algorithm
        let own = problem.Normalization
        let rewards = defaultArg trial.Rewards own.Rewards
        let observations = defaultArg trial.NormalizeObservations own.ChangesObservations

        if
            selection.IsNone
            && rewards = own.Rewards
            && observations = own.ChangesObservations
        then
            problem
        else
            let kept =
                match selection with
                | Some selection -> select selection problem.Raw
                | None -> problem.Raw

            let normalization =
                if rewards = RewardRule.Custom then
                    let own = Normalization.Custom(own.RewardScale, own.RewardShift)
                    let observed = Normalization.Of(kept, observations, RewardRule.None)
                    own.WithObservations observed
                else
                    Normalization.Of(kept, observations, rewards)

            let normalization = normalization.WithActionLimit own.ActionLimit

            {
                problem with
                    Transitions = kept.Normalized normalization
                    Normalization = normalization
            }

    /// The same, computed once for trials that want the same.
    let preparing (problem: Problem) : Trial -> Problem =
        let known =
            Collections.Concurrent.ConcurrentDictionary<
                Selection option * RewardRule option * bool option,
                Lazy<Problem>
             >()

        fun trial ->
            let wanted =
                (Trial.entry trial).Selection trial.Algorithm, trial.Rewards, trial.NormalizeObservations

            known.GetOrAdd(wanted, lazy (forTrial problem trial)).Value

    /// What a user should hear before a trial is trained on a problem.
    let remarks (problem: Problem) (trial: Trial) : string list = [
        let entry = Trial.entry trial
        let problem = forTrial problem trial
        let statistics = problem.Raw.Statistics

        if
            entry.UsesRewards
            && statistics.RewardsZeroOrOne
            && statistics.RewardMean < 0.05
            && statistics.Terminals > 0L
            && problem.Normalization.RewardShift = 0.0
        then
            yield
                "the rewards are 0 but at the goal; the paper trains such data with r - 1, so that a step costs: --rewards antmaze"

        let range = 1000.0 / problem.Normalization.RewardScale
        let largest = statistics.LargestReturn

        if
            entry.UsesRewards
            && problem.Normalization.Rewards = RewardRule.ReturnRange
            && range < 0.01 * largest
        then
            yield
                $"returns of up to {largest:G4} differ by {range:G4} only, so rewards are multiplied by {problem.Normalization.RewardScale:G4}; to leave them as they are: --rewards none"

        yield! entry.Remarks trial.Steps trial.Algorithm

        let beyond = 100.0 * statistics.ActionsOutside

        if beyond > 1.0 then
            yield $"{beyond:F0} %% of the actions' numbers lie outside [-1, 1], where no policy acts"
    ]
