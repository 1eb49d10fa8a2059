namespace Iql.Scripts

open System
open System.IO
open Iql.Environments.Mujoco

/// Steps of which each may fail with a message: `result { let! data = load source ... }`.
type ResultBuilder() =
    member _.Return value = Ok value
    member _.ReturnFrom(value: Result<'T, string>) = value
    member _.Bind(value: Result<'T, string>, next: 'T -> Result<'U, string>) = Result.bind next value
    member _.Zero() = Ok()

/// The builder.
[<AutoOpen>]
module ResultBuilder =
    let result = ResultBuilder()

/// Expected failures as values.
[<RequireQualifiedAccess>]
module Attempt =

    /// The message of an expected failure: wrong input, or a file that is missing or broken. None for any other
    /// exception.
    let rec expected (error: exn) : string option =
        match error with
        | Refusal message -> Some message
        | :? AggregateException as many when many.InnerExceptions.Count = 1 -> expected many.InnerExceptions[0]
        // A wrong environment variable is met where a constant is first needed.
        | :? TypeInitializationException as failed when not (isNull failed.InnerException) ->
            expected failed.InnerException
        // EMFILE and ENFILE.
        | :? IOException when error.HResult = 24 || error.HResult = 23 ->
            Some
                $"{error.Message}. Raise the limit of open files, for example with `ulimit -n 4096`. Then start the \
                  same command again."
        | :? ArgumentNullException
        | :? ArgumentOutOfRangeException -> None
        | :? ArgumentException
        | :? InvalidDataException
        | :? IOException
        | :? UnauthorizedAccessException
        | :? DllNotFoundException
        | :? Text.Json.JsonException
        | :? MujocoException -> Some error.Message
        | _ -> None

    /// A piece of work whose expected failures are exceptions.
    let run (work: unit -> 'value) : Result<'value, string> =
        try
            Ok(work ())
        with error when (expected error).IsSome ->
            Error (expected error).Value

    /// A step for each item, up to the first that fails.
    let each (step: 'item -> Result<'value, string>) (items: 'item list) : Result<'value list, string> =
        let rec after values items =
            match items with
            | [] -> Ok(List.rev values)
            | item :: rest ->
                match step item with
                | Ok value -> after (value :: values) rest
                | Error problem -> Error problem

        after [] items

    /// The value, or a Refusal.
    let get (value: Result<'value, string>) : 'value =
        match value with
        | Ok value -> value
        | Error message -> raise (Refusal message)

    /// A piece of work that gives an Error itself, or fails as an exception.
    let reading (read: unit -> Result<'value, string>) : Result<'value, string> = run read |> Result.bind id
