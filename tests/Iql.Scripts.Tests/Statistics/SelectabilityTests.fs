/// Regret@k against every order of ties, and against examples by hand.
module Iql.Scripts.Tests.SelectabilityTests

open Expecto
open FsCheck
open FsCheck.FSharp
open Iql
open Iql.Scripts
open Iql.Tests

/// Every order of a list.
let rec private orders (items: 'T list) : 'T list list =
    match items with
    | [] -> [ [] ]
    | items -> [
        for i, item in List.indexed items do
            for rest in orders (List.removeAt i items) -> item :: rest
      ]

/// The mean over all orders of policies: the k first by their numbers, ties as they come.
let private byOrders (k: int) (numbers: float list) (scores: float list) : float =
    orders (List.zip numbers scores)
    |> List.averageBy (fun order ->
        List.max scores
        - (order |> List.sortByDescending fst |> List.truncate k |> List.map snd |> List.max))

[<Tests>]
let tests =
    testList "SelectabilityTests" [
        testCase "regret is what the picked policy lacks to the best" (fun () ->
            let numbers, scores = [| 3.0; 1.0; 2.0 |], [| 10.0; 50.0; 30.0 |]
            Expect.equal (Selectability.regret 1 numbers scores) 40.0 "one try"
            Expect.equal (Selectability.regret 2 numbers scores) 20.0 "two tries"
            Expect.equal (Selectability.regret 3 numbers scores) 0.0 "all")

        testCase "equal numbers leave the choice to chance" (fun () ->
            let regret = Selectability.regret 1 [| 1.0; 1.0; 0.0 |] [| 10.0; 30.0; 90.0 |]
            Expect.equal regret (90.0 - 20.0) "mean of two")

        (let few = Gen.choose (0, 3) |> Gen.map float

         let pairs =
             Gen.choose (1, 6) |> Gen.bind (fun n -> Gen.zip (Gen.listOfLength n few) (Gen.listOfLength n few))

         testSeeded
             60
             "regret is the mean over all orders of ties"
             (Prop.forAll (Arb.fromGen pairs) (fun (numbers, scores) ->
                 for k in 1 .. numbers.Length do
                     Expect.floatClose
                         Accuracy.high
                         (Selectability.regret k (Array.ofList numbers) (Array.ofList scores))
                         (byOrders k numbers scores)
                         $"k = {k}")))

        testCase "lengths that differ and a k out of range are refused" (fun () ->
            Expect.throwsT<InputException> (fun () -> Selectability.regret 1 [| 1.0 |] [||] |> ignore) "lengths"
            Expect.throwsT<InputException> (fun () -> Selectability.regret 2 [| 1.0 |] [| 1.0 |] |> ignore) "k")
    ]
