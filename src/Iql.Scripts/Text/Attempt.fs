namespace Iql.Scripts

open System
open System.IO
open Iql.Environments.Mujoco

/// Expected failures as values.
[<RequireQualifiedAccess>]
module internal Attempt =

    /// The values, or the first Error.
    let all (results: Result<'value, 'error> list) : Result<'value list, 'error> =
        (results, Ok [])
        ||> List.foldBack (fun result rest ->
            Result.bind (fun value -> Result.map (fun rest -> value :: rest) rest) result)

    /// What a function gives; an Error where a file is missing or broken, or a simulation fails.
    let reading (read: unit -> Result<'value, string>) : Result<'value, string> =
        try
            read ()
        with
        | :? IOException
        | :? UnauthorizedAccessException
        | :? InvalidDataException
        | :? ArgumentException
        | :? Text.Json.JsonException
        | :? MujocoException as problem -> Error problem.Message
