/// Small data sets for the tests of Iql.Data.
module Iql.Core.Tests.DataCases

open System
open System.IO
open FsCheck
open FsCheck.FSharp
open Iql
open Iql.Data
open Expecto
open Iql.Tests

/// What a step of a data set says of itself.
type Step = { Terminal: bool; Timeout: bool; Reward: float32 }

let stepGen = gen {
    let! flags =
        Gen.frequency [
            8, Gen.constant (false, false)
            1, Gen.constant (true, false)
            1, Gen.constant (false, true)
            1, Gen.constant (true, true)
        ]

    let! reward = Gen.choose (-5, 5)

    return { Terminal = fst flags; Timeout = snd flags; Reward = float32 reward }
}

let stepsGen = Gen.nonEmptyListOf stepGen |> Gen.map Array.ofList

/// Checks a property of so many lists of steps, the same ones every time.
let forSomeSteps count (property: Step[] -> bool) =
    let config = Config.QuickThrowOnFailure.WithReplay(20261122UL, 1UL).WithMaxTest count

    Check.One(config, Prop.forAll (Arb.fromGen stepsGen) property)

/// A property of so many lists of steps, the same ones every time.
let testSteps count name (property: Step[] -> bool) =
    testSeeded count name (Prop.forAll (Arb.fromGen stepsGen) property)

/// Row i, column j of a recognisable column.
let number (column: int) row j = float32 (column * 100_000 + row * 100 + j)

let column id count size = Array.init (count * size) (fun k -> number id (k / size) (k % size))

/// Transitions of the given steps, every number of which tells its row and column.
let transitions observationSize actionSize (steps: Step[]) =
    let n = steps.Length

    Transitions(
        "case",
        observationSize,
        actionSize,
        column 1 n observationSize,
        column 2 n actionSize,
        (steps |> Array.map _.Reward),
        (steps |> Array.map _.Terminal),
        (steps |> Array.map _.Timeout),
        column 3 n observationSize
    )

/// n steps, the flags at the rows named.
let steps n terminals timeouts =
    Array.init n (fun i -> {
        Terminal = List.contains i terminals
        Timeout = List.contains i timeouts
        Reward = float32 i
    })

/// A file of ../shared, from the solution's folder upwards; skips the test where it is absent.
let shared (relative: string) =
    let rec search (folder: DirectoryInfo) =
        match folder with
        | null -> None
        | _ ->
            let path = Path.Combine(folder.FullName, "shared", relative)
            if File.Exists path then Some path else search folder.Parent

    match search (DirectoryInfo AppContext.BaseDirectory) with
    | Some path -> path
    | None ->
        skiptest $"shared/{relative} is not at hand."
        ""

/// Runs an action with a folder that is gone afterwards.
let withFolder (action: string -> unit) =
    let folder = Directory.CreateTempSubdirectory "iql-data-"

    try
        action folder.FullName
    finally
        folder.Delete true

/// The exception an action must throw, of this type or one derived from it.
let throws<'E when 'E :> exn> (action: unit -> unit) : 'E = Expect.raises<'E> action "the refusal"
