namespace Iql.Data;

/// <summary>How the rows of a file become transitions. Results are comparable only within one mode.</summary>
public enum DatasetMode
{
    /// <summary>
    /// What D4RL's qlearning_dataset makes, row for row: s′ is always the next row's observation (on a terminal row that of the next
    /// episode), rows with a time-out are dropped, and the file's last row is never used. For repeating published numbers.
    /// </summary>
    D4rlParity,
    /// <summary>
    /// Nothing crosses an episode's end: s′ is the recorded next observation, else the next row of the same episode; a row whose s′
    /// is unknown is dropped unless it is terminal. A file without next observations loses one row per time-out, other files none.
    /// </summary>
    Strict,
}
