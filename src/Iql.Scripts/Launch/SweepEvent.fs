namespace Iql.Scripts

open System
open Iql.Training

/// A group of runs that share a learner, while it is trained here.
type GroupProgress = { Name: string; Runs: int; Latest: TrainingProgress }

/// How far a sweep is.
type SweepProgress = {
    /// Runs in all.
    Runs: int
    /// Runs with a result, diverged ones too.
    Done: int
    Diverged: int
    /// Training steps made, of all runs, and what they will be.
    Steps: int64
    TotalSteps: int64
    /// Training steps a second made here since the launch, counting each run's own.
    StepsPerSecond: float
    Elapsed: TimeSpan
    /// Time to the end, by the paces of what is left, and whether each pace was measured; None before the first pace.
    Left: (TimeSpan * bool) option
    /// Groups that are being trained here.
    Training: GroupProgress list
}

/// What a launch has to tell while it goes on.
type SweepEvent =
    /// How far it is: at train lines and evaluations.
    | Advanced of SweepProgress
    /// How the groups that are still to be trained share the cores: `Split.share`.
    | Chosen of split: int list
    /// Too many threads want the cores; the text says what it costs and what helps.
    | Oversubscribed of string
    /// Nothing is left but a group of another process, which has shown no sign of life yet.
    | Waiting of group: string * ClaimHolder
    /// Another process took a group over; nothing more of it is written here.
    | Lost of group: string * ClaimHolder option
    /// A damaged file was replaced, by the checkpoint before or by what the command says; the text says which.
    | Restored of string
    /// A run cannot continue: the text has the file and what helps. The other runs continue.
    | Damaged of string

/// How a sweep came out, as far as it is.
[<StructuredFormatDisplay("{Line}")>]
type SweepOutcome = {
    /// Every run in the order of the sweep, with its result if it has one.
    Runs: (SweepCell * RunResult option) list
    /// How many of them had no result when the launch began.
    Left: int
    /// How many of those it trained to their end.
    Trained: int
    /// Groups that other processes train.
    Elsewhere: (string * ClaimHolder) list
    /// Runs with damaged files, and what helps.
    Damaged: (SweepCell * string) list
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string =
        $"SweepOutcome: {own.Runs |> List.filter (snd >> Option.isSome) |> List.length} of {own.Runs.Length} runs done"

    override own.ToString() = own.Line

/// What to make of an outcome.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module SweepOutcome =

    /// Runs that have a result.
    let finished (outcome: SweepOutcome) : (SweepCell * RunResult) list = [
        for cell, result in outcome.Runs do
            match result with
            | Some result -> cell, result
            | None -> ()
    ]

    /// Whether every run has one, except damaged runs.
    let isWhole (outcome: SweepOutcome) : bool =
        (finished outcome).Length + outcome.Damaged.Length = outcome.Runs.Length

    /// The runs that diverged, with what is said of it.
    let failures (outcome: SweepOutcome) : (string * string) list = [
        for cell, result in finished outcome do
            if result.Status = RunStatus.Diverged then
                cell.Name, result.Failure.Message
    ]
