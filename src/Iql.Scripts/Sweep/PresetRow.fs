namespace Iql.Scripts

/// Writing rows of presets.
module PresetRow =

    /// What most rows that are not a paper's own come from.
    let corl = "corl-team/CORL @eeeeef2"

    /// Where values of discrete actions come from.
    let d3rlpy = "takuseno/d3rlpy @02eee74, defaults of its discrete algorithms"

    /// A value with its source first: a list of a row's values has few sources.
    let value source name value = {
        Name = name
        Value = value
        Source = source
    }

    /// A row without values of single tasks.
    let preset algorithm domain rewards observations values differences = {
        Algorithm = algorithm
        Domain = domain
        Values = values
        PerTask = []
        Rewards = rewards
        NormalizeObservations = observations
        Differences = differences
    }
