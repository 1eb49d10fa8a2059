namespace Iql.Scripts

open System

/// What a group took in a trial.
type Measured = {
    /// The most bytes in memory.
    Memory: int64
    /// Processor time by time.
    Cores: float
    /// Of the whole group, from the steps that were made.
    Time: TimeSpan
}

/// What one task of an array job may take.
type Allotment = {
    Cores: int
    /// Bytes.
    Memory: int64
    Time: TimeSpan
} with

    /// How long before its end a task is told to save. Slurm looks at limits twice a minute.
    member allotment.Notice: TimeSpan = min (TimeSpan.FromMinutes 2.0) (allotment.Time / 3.0)

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Allotment =

    let private upTo (unit: float) (value: float) = ceil (value / unit) * unit

    /// What a group should be given: half as much again as it took in a trial, at least 500 MB and ten minutes more,
    /// and no core that it left idle. Other nodes are slower, and a trial sees no last evaluation.
    let ofMeasured (cores: int) (measured: Measured) : Allotment =
        let memory = float measured.Memory
        let minutes = 1.5 * measured.Time.TotalMinutes + 10.0

        {
            Cores = max 1 (min cores (int (ceil (measured.Cores - 0.2))))
            Memory = max (1.5 * memory) (memory + 5e8) |> upTo 1e8 |> int64
            Time = TimeSpan.FromMinutes(upTo 5.0 minutes)
        }
