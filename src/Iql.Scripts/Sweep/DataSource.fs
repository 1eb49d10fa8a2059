namespace Iql.Scripts

open System.IO
open Iql.Data

/// What a run learns from, and the task that its policy is scored in.
[<RequireQualifiedAccess>]
type DataSource =
    /// The data that come with a task: so many transitions, or the task's own number.
    | Task of name: string * transitions: int option
    /// A file, its rows as a mode has them (None: as D4RL does), scored in a task if one is named.
    | File of path: string * mode: DatasetMode option * task: string option
    /// Rows in memory, scored in a task if one is named.
    | Memory of data: IDataset * task: string option

/// A data file of one's own: `{ DataFile.at "mine.npz" with Task = Some "pointmaze-umaze-v0" }`.
type DataFile = {
    /// An .hdf5 file in D4RL's layout, an .npz file with the same names, a Minari folder, or a row file.
    Path: string
    /// How its rows become transitions; None: as D4RL does, or as the row file was packed.
    Mode: DatasetMode option
    /// The task that scores policies; None: no scores.
    Task: string option
}

/// Data files.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module DataFile =

    /// A file with the standard mode and no task.
    let at (path: string) : DataFile = { Path = path; Mode = None; Task = None }

    /// What a trial learns from: `{ trial with Data = DataFile.source file }`.
    let source (file: DataFile) : DataSource = DataSource.File(file.Path, file.Mode, file.Task)

/// Names of data sources.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module DataSource =

    /// The source when nobody names one.
    let standard: DataSource = DataSource.Task("pointmaze-large-windy-v0", None)

    /// The name that the data go by.
    let name (source: DataSource) : string =
        match source with
        | DataSource.Task(name, _) -> name
        | DataSource.File(path, _, _) -> Path.GetFileNameWithoutExtension path
        | DataSource.Memory(data, _) -> data.Name

    /// The task that policies are scored in, or where there is none the name of the data.
    let task (source: DataSource) : string =
        match source with
        | DataSource.File(_, _, Some task)
        | DataSource.Memory(_, Some task) -> task
        | _ -> name source
