namespace Iql.Scripts

open Iql.Data

/// Tasks that are published together.
type Domain = {
    Name: string
    /// Which tasks these are.
    Tasks: string
    /// How names of their datasets begin.
    Prefixes: string list
    /// What their actions are: algorithms that do not learn of these have no presets there.
    Actions: Iql.ActionKind
}

/// A hyperparameter's published value, and where it is from.
type PresetValue = {
    Name: string
    Value: string
    Source: string
}

/// Hyperparameters that somebody published for an algorithm on a domain. What it does not name is the algorithm's standard.
type Preset = {
    /// The name that `--algorithm` takes: the algorithm's own, or that of a variant with presets of its own.
    Algorithm: string
    /// The domain's name.
    Domain: string
    Values: PresetValue list
    /// Values that differ from task to task, by how names of a task's datasets begin; the first that fits counts.
    PerTask: (string * PresetValue list) list
    /// What is done to rewards, and where that is from; None: as the built-in task has it.
    Rewards: (RewardRule * string) option
    /// Whether observations are standardised, and where that is from.
    NormalizeObservations: bool * string
    /// In which points it differs from the algorithm's paper.
    Differences: string list
}
