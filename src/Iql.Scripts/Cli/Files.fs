namespace Iql.Scripts

open System.IO

/// Files that a command is asked to write.
[<RequireQualifiedAccess>]
module Files =

    /// The whole path of a file that can be written there, or a refusal that names the option, before any work.
    let writable (option: string) (path: string) : string =
        let full = Path.GetFullPath path
        let folder = Path.GetDirectoryName full

        if Directory.Exists full then
            raise (Refusal $"{option}: expected a file's name, got the folder '{path}'.")
        elif not (Directory.Exists folder) then
            raise (Refusal $"{option}: expected a file in a folder that exists, got '{path}'. Make {folder} first.")
        else
            full
