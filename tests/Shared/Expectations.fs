/// What the tests need beside Expecto.
[<AutoOpen>]
module Iql.Tests.Expectations

open System
open Expecto

module Accuracy =
    /// A difference of at most this, whatever the size of the numbers.
    let within (difference: float) : Accuracy = { absolute = difference; relative = 0.0 }

    /// The same number when rounded to so many decimals: a difference of at most half of the last one.
    let decimals (count: int) : Accuracy = within (0.5 * 10.0 ** -(float count))

module Expect =
    /// low ≤ actual ≤ high; NaN lies nowhere.
    let between (low: 'a) (high: 'a) (actual: 'a) (message: string) : unit =
        if not (low <= actual && actual <= high) then
            failtest $"{message}. Expected a value from {low} to {high}, got {actual}."

    /// Two values differ. NaN differs from nothing: a value with a NaN inside fails.
    let notEqual (actual: 'a) (unwanted: 'a) (message: string) : unit =
        if actual = unwanted || actual <> actual || unwanted <> unwanted then
            failtest $"{message}. Expected another value than %A{unwanted}, got %A{actual}."

    /// An action allocates no byte on this thread. Only inside testAlone.
    let allocatesNothing (action: unit -> unit) (message: string) : unit =
        let before = GC.GetAllocatedBytesForCurrentThread()
        action ()
        let bytes = GC.GetAllocatedBytesForCurrentThread() - before

        if bytes <> 0L then
            failtest $"{message}. Expected no allocation, got {bytes} bytes."

    let stringLacks (subject: string) (substring: string) (message: string) : unit =
        if subject.Contains substring then
            failtest $"{message}. Expected subject string '{subject}' not to contain substring '{substring}'."

    let lacks (actual: 'a seq) (element: 'a) (message: string) : unit =
        if Seq.contains element actual then
            failtest $"{message}. Expected a sequence without {element}, got %A{List.ofSeq actual}."

    let none (actual: 'a seq) (predicate: 'a -> bool) (message: string) : unit =
        if Seq.exists predicate actual then
            failtest $"{message}. Expected no such element, got {Seq.find predicate actual}."

    /// The exception that an action raises, of this type, or the cause of its FileException.
    let raises<'error when 'error :> exn> (action: unit -> unit) (message: string) : 'error =
        let raised =
            try
                action ()
                None
            with error ->
                Some error

        match raised with
        | Some(:? 'error as error) -> error
        | Some(:? Iql.FileException as file) when (file.InnerException :? 'error) ->
            unbox<'error>(box file.InnerException)
        | Some error -> failtest $"{message}. Expected {typeof<'error>.Name}, got {error}"
        | None -> failtest $"{message}. Expected {typeof<'error>.Name}, got no exception."

    /// An action refuses its arguments.
    let refuses (action: unit -> unit) (message: string) : unit = raises<ArgumentException> action message |> ignore

/// A case for each row, named after the row. Names have no dots: 0.5 becomes 0·5.
let testRows (name: string) (rows: 'row list) (test: 'row -> unit) : Test =
    testList name [
        for row in rows do
            testCase ($"{row}".Replace('.', '·')) (fun () -> test row)
    ]

/// A property of FsCheck, held against so many values, the same ones in every run.
let testSeeded (count: int) (name: string) (property: 'property) : Test =
    let config = { FsCheckConfig.defaultConfig with maxTest = count }
    testPropertyWithConfigStdGen (20261122UL, 1UL, None) config name property

/// A case that runs while no other one does: it measures allocations or times.
let testAlone (name: string) (test: unit -> unit) : Test = testSequenced (testCase name test)

/// Tests that take minutes: `dotnet test` skips them unless a filter names them.
let testLong (tests: Test list) : Test = testList "long" tests
