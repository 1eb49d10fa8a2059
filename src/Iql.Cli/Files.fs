namespace Iql.Cli

open Iql.Scripts

open System
open System.IO

/// Files and folders that a command writes.
[<RequireQualifiedAccess>]
module Files =

    /// The full path of a file that can be written, or a refusal that names the option, before any work.
    let writable (option: string) (path: string) : string =
        let full = Path.GetFullPath path
        let folder = Path.GetDirectoryName full

        if Directory.Exists full then
            Command.refuse $"{option}: expected a file's name, got the folder '{path}'."
        elif not (Directory.Exists folder) then
            Command.refuse $"{option}: expected a file in a folder that exists, got '{path}'. Create {folder} first."
        else
            full

    /// The full path of a folder, created if missing, or a refusal that names the option, before any work.
    let folder (option: string) (path: string) : string =
        if File.Exists path then
            Command.refuse $"{option}: expected a folder, got the file '{path}'."

        try
            (Directory.CreateDirectory path).FullName
        with
        | :? IOException
        | :? UnauthorizedAccessException as error ->
            Command.refuse $"{option}: expected a folder that can be created, got '{path}': {error.Message}"
