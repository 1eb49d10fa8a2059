namespace Iql.Scripts

open System.IO
open System.Text.RegularExpressions

/// The parts of a dataset's or a task's name: "antmaze-umaze-v2" is of the domain antmaze, in version 2.
type DatasetName = {
    Whole: string
    /// A domain of `iql presets`; else the name's first word.
    Domain: string
    /// None where the name has no version.
    Version: int option
}

/// Reading names, and telling versions apart.
[<RequireQualifiedAccess>]
module DatasetName =

    /// "hopper-medium-v2", of whatever spelling: D4RL's own files are called hopper_medium-v2.hdf5.
    let plain (name: string) : string = name.ToLowerInvariant().Replace('_', '-')

    /// The name of the dataset that a file is called after.
    let ofPath (path: string) : string = plain (Path.GetFileNameWithoutExtension path)

    /// The parts of a name.
    let read (name: string) : DatasetName =
        let whole = plain name
        let version = Regex.Match(whole, @"-v(\d+)$")
        let domain = Preset.domainOf whole |> Option.map _.Name

        {
            Whole = whole
            Domain = defaultArg domain (whole.Split('-')[0])
            Version = if version.Success then Some(int version.Groups[1].Value) else None
        }

    /// An Error names two of one domain in different versions. Versions are different data, and often another
    /// environment, so their scores belong in no common column.
    let agree (names: string list) : Result<unit, string> =
        let read = names |> List.map read

        let differ =
            List.allPairs read read
            |> List.tryFind (fun (a, b) -> a.Domain = b.Domain && a.Version.IsSome && a.Version < b.Version)

        match differ with
        | None -> Ok()
        | Some(a, b) ->
            Error(
                $"tasks: expected one version of the {a.Domain} data, got {a.Whole} and {b.Whole}. "
                + "Versions are different data with different scores. Compare them separately."
            )
