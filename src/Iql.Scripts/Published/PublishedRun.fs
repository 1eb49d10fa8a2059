namespace Iql.Scripts

/// A fine-tuning run as CORL published it: the normalised score of every evaluation, phase by phase.
type PublishedRun = {
    /// As `--algorithm` calls it.
    Algorithm: string
    Task: string
    Number: int
    Offline: float list
    Online: float list
    /// The share of failures over all episodes of acting, in [0, 1].
    Regret: float
}

/// What is known of such runs.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module PublishedRun =

    /// Steps of each phase of every run, offline updates and then decisions.
    let steps = 1_000_000L

    /// Where the evaluations of a phase are, in shares of it: evenly spread up to its end. An odd one more, as in 21,
    /// was made at its beginning.
    let shares (count: int) : float list =
        let first = if count % 10 = 1 && count > 1 then 0 else 1
        [ for i in 0 .. count - 1 -> float (i + first) / float (count - 1 + first) ]

    /// The runs of an algorithm on a task.
    let ofTask (task: string) (algorithm: string) (runs: PublishedRun list) : PublishedRun list =
        runs |> List.filter (fun run -> run.Task = task && run.Algorithm = algorithm)
