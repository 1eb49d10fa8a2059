namespace Iql.Scripts

open System.Text.Json
open Iql
open Iql.Algorithms
open Iql.Data

/// Which episodes an algorithm learns from: the best share of them.
type Selection = { Share: float; Of: ShareOf }

/// All that sweeps, run folders and the command line ask of an algorithm, over its own configuration. An algorithm is one file
/// beside this one with one such value, a case of `Algorithm`, and a row of `Algorithm.all`.
type AlgorithmEntry<'config> = {
    /// What `--algorithm` takes: "td3bc".
    Name: string
    /// "TD3+BC"
    Title: string
    /// The paper, for lists.
    Paper: string
    /// The published setting of locomotion tasks.
    Standard: 'config
    /// Variants under names of their own, such as "10%bc".
    Variants: (string * 'config) list
    /// Its hyperparameters, the ones people sweep first.
    Settings: Setting<'config> list
    /// What `iql ablate` varies when nobody says: hyperparameter and values.
    Grid: (string * string list) list
    /// Whether it learns the value of rewards, whose size and shift then matter; neither cloning does nor conditioning on returns.
    UsesRewards: bool
    /// What config.json calls it: the learner's own name.
    RunName: 'config -> string
    /// The configuration of a run of so many steps: schedules end with the run.
    ForSteps: int -> 'config -> 'config
    /// The configuration for actions of this kind; an Error says which kind it takes.
    ForActions: ActionKind -> 'config -> Result<'config, string>
    /// Hyperparameters that mean nothing where actions are discrete.
    ContinuousOnly: string list
    /// The whole configuration as it stands in config.json.
    Written: 'config -> JsonElement
    /// What stands there beside it.
    Extra: 'config -> (string * Json) list
    /// The configuration of what stands in config.json, its own and the rest beside it.
    Read: JsonElement -> 'config
    /// What a user should hear before a run of so many steps.
    Remarks: int -> 'config -> string list
    /// B.
    BatchSize: 'config -> int
    /// The episodes it learns from; None is all of them.
    Selection: 'config -> Selection option
    /// The configuration without what runs that share a learner may differ in; None where every run is trained alone.
    Shared: 'config -> 'config option
    /// The learner of configurations that are alike in `Shared`, a member each; observation and action sizes.
    Learner: 'config list -> int -> int -> Learner
}

[<RequireQualifiedAccess>]
module AlgorithmEntry =

    /// What an algorithm says that knows no discrete actions.
    let continuous (kind: ActionKind) (config: 'config) : Result<'config, string> =
        if kind = ActionKind.Continuous then
            Ok config
        else
            Error "continuous actions"

    /// The entry of a case as an entry of the union.
    let lift
        (pick: 'whole -> 'part option)
        (wrap: 'part -> 'whole)
        (entry: AlgorithmEntry<'part>)
        : AlgorithmEntry<'whole> =
        let part whole = (pick whole).Value

        {
            Name = entry.Name
            Title = entry.Title
            Paper = entry.Paper
            Standard = wrap entry.Standard
            Variants = [ for name, config in entry.Variants -> name, wrap config ]
            Settings = [ for setting in entry.Settings -> Setting.lift pick wrap setting ]
            Grid = entry.Grid
            UsesRewards = entry.UsesRewards
            RunName = part >> entry.RunName
            ForSteps = fun steps -> part >> entry.ForSteps steps >> wrap
            ForActions = fun kind -> part >> entry.ForActions kind >> Result.map wrap
            ContinuousOnly = entry.ContinuousOnly
            Written = part >> entry.Written
            Extra = part >> entry.Extra
            Read = entry.Read >> wrap
            Remarks = fun steps -> part >> entry.Remarks steps
            BatchSize = part >> entry.BatchSize
            Selection = part >> entry.Selection
            Shared = part >> entry.Shared >> Option.map wrap
            Learner = List.map part >> entry.Learner
        }
