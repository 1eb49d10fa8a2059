namespace Iql.Cli

open Iql.Scripts

open System
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
            raise (Refusal $"{option}: expected a file in a folder that exists, got '{path}'. Create {folder} first.")
        else
            full

    /// A folder that files can be put into, made if need be, or a refusal that names the option, before any work.
    let folder (option: string) (path: string) : string =
        if File.Exists path then
            raise (Refusal $"{option}: expected a folder, got the file '{path}'.")

        try
            (Directory.CreateDirectory path).FullName
        with
        | :? IOException
        | :? UnauthorizedAccessException as error ->
            raise (Refusal $"{option}: expected a folder that can be created, got '{path}': {error.Message}")
