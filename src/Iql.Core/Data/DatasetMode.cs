namespace Iql.Data;

/// <summary>How a file's rows become transitions. Results are comparable only within one mode.</summary>
public enum DatasetMode
{
    /// <summary>As D4RL's qlearning_dataset, row for row: s′ is always the next row's observation (after a terminal the
    /// next episode's); rows with a time-out and the last row are dropped. For published numbers.</summary>
    D4rlParity,
    /// <summary>Nothing crosses an episode's end: s′ is the recorded next observation, else the next row of the same
    /// episode. A row without s′ is dropped unless it is terminal.</summary>
    Strict,
}
