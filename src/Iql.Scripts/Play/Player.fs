namespace Iql.Scripts

open System.IO
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks

/// Who acts in a task, as a command names it.
type Player = {
    /// "random", or the path of a run's folder or a policy file.
    Name: string
    /// What it is, in a line.
    Description: string
    /// Null acts at random.
    Make: RolloutData.MakePolicy
    /// Whether it only walks where it is told to, and is to be steered through a maze.
    Walks: bool
    /// A trained run's values.
    Values: ValueFunction option
    /// The names of a trained run's columns; null where it knows none.
    Columns: DataColumns
}

[<RequireQualifiedAccess>]
module Player =

    /// Numbers of an observation that a walker takes: an ant's, and where to go.
    let private walkerSize = 29

    let private ofFile (card: TaskCard) (mean: bool) (path: string) : Result<Player, string> =
        Attempt.reading (fun () ->
            let file = PolicyFile path
            let walks = not (isNull card.AntMaze)

            let size = if walks then walkerSize else card.Environment.ObservationSize

            if file.ObservationSize <> size || file.ActionSize <> card.Environment.ActionSize then
                let got = (ActionSpace.Continuous file.ActionSize).Beside file.ObservationSize

                Error
                    $"{path}: expected a policy with {card.Environment.ActionSpace.Beside size}, as in {card.Name}, \
                      got {got}."
            else
                let kind = if mean then "its mean" else "sampled actions"

                Ok {
                    Name = path
                    Description = $"{Path.GetFileNameWithoutExtension path}: a policy file, {kind}"
                    Make = RolloutData.MakePolicy(fun episodes -> file.Actor(episodes, not mean))
                    Walks = walks
                    Values = None
                    Columns = null
                })

    let private ofFolder (card: TaskCard) (folder: string) : Result<Player, string> =
        Policy.loadFor card.Environment folder
        |> Result.map (fun policy ->
            let run = Path.GetFileName(Path.TrimEndingDirectorySeparator folder)
            let learned = $"{policy.Config.Algorithm} on {policy.Config.Dataset.Name}"

            {
                Name = folder
                Description = $"{run}: {learned}, seed {policy.Config.Seed}, {policy.State.Step} steps"
                Make = RolloutData.MakePolicy(fun episodes -> policy.Acting episodes)
                Walks = false
                Values = Policy.values policy
                Columns = policy.Config.Dataset.Columns
            })

    /// Uniformly random actions.
    let random: Player = {
        Name = "random"
        Description = "random: U(-1, 1)"
        Make = null
        Walks = false
        Values = None
        Columns = null
    }

    /// The policies that a word names: "random", a policy file NAME.json, a run's folder, or a sweep's, which is all
    /// its runs.
    let find (card: TaskCard) (mean: bool) (word: string) : Result<Player list, string> =
        match word with
        | "random" -> Ok [ random ]
        | path when (Path.GetExtension path).ToLowerInvariant() = ".json" ->
            ofFile card mean path |> Result.map List.singleton
        | path -> Policy.folders path |> Result.bind (Attempt.each (ofFolder card))

    /// The one policy to take for a word. Of a sweep's folder it is the run with the best last score in the task, of
    /// equal runs the one with the best last ten evaluations, with a sentence that says so. Other words stay.
    let best (card: TaskCard) (word: string) : Result<string * string option, string> =
        if not (File.Exists(Path.Combine(word, "sweep.json"))) then
            Ok(word, None)
        else
            result {
                let! sweep = Results.readSweep word
                let folder = Path.Combine(word, "runs")
                let here, others = sweep.Runs |> List.partition (fun run -> Run.task run = card.Name)
                let runs = if here.IsEmpty then others else here
                let measure = Measure.ofRuns runs |> Option.defaultValue Score

                return!
                    match runs |> List.filter (fun run -> not (Run.diverged run) && not run.Evaluations.IsEmpty) with
                    | [] when not sweep.Damaged.IsEmpty -> Error(snd sweep.Damaged.Head)
                    | [] ->
                        Error
                            $"{word}: expected a run with an evaluation in {card.Name}, got none. Name a run's \
                              folder in {folder}."
                    | runs ->
                        let last count run = Run.lastOf count measure run
                        let best = runs |> List.maxBy (fun run -> Run.finished run, last 1 run, last 10 run)

                        let damaged =
                            match sweep.Damaged.Length with
                            | 0 -> ""
                            | count -> $" Damaged runs are left out: {count}."

                        let why =
                            $"The best of {runs.Length} runs is {best.Name}, {Measure.title measure} \
                              {Shown.measured measure (last 1 best).Value}.{damaged}"

                        Ok(
                            Path.Combine(folder, best.Name),
                            (if runs.Length > 1 || damaged <> "" then Some why else None)
                        )
            }
