/// What data say of policies: tables, how well they told the scores, and the words of the report.
module Iql.Scripts.Tests.EstimateTests

open System.Collections.Generic
open System.Collections.Immutable
open System.Net
open System.Text.RegularExpressions
open Giraffe.ViewEngine
open Iql.Estimation
open Iql.Scripts
open Iql.Training
open Expecto
open Iql.Tests

let private data = Invented.data "plant" "plant.npz" None

let private estimates (numbers: (string * float) list) =
    OfflineEstimates(
        Policy = "0",
        PolicyStep = 100L,
        Dataset = data,
        Seen = true,
        Episodes = 20,
        HeldOut = 2,
        Discount = 0.99,
        Steps = 1000L,
        Numbers = OrderedDictionary [ for name, number in numbers -> KeyValuePair(name, number) ]
    )

/// Runs of several β, of each the seeds' scores, fitted values and action errors.
let private judged (scored: bool) (groups: (float * (float * float * float) list) list) = [
    for beta, runs in groups do
        for seed, (score, value, error) in List.indexed runs do
            let labels = [ "inverseTemperature", string beta; "seed", string seed ]
            let scores = if scored then [ score ] else []

            Invented.run labels data RunStatus.Finished scores,
            estimates [ "value", value; "dataReturn", 2.0; "actionError", error ]
]

let private right = [
    0.0, [ 10.0, 1.0, 0.1; 12.0, 1.1, 0.1 ]
    1.0, [ 50.0, 3.0, 0.3; 54.0, 3.2, 0.3 ]
    3.0, [ 90.0, 5.0, 0.5; 92.0, 5.4, 0.5 ]
]

let private foresight name groups =
    Foresight.ofGroups Score (Estimates.groups (judged true groups))
    |> List.find (fun each -> each.Column.Name = name)

let private sweep (runs: (Run * OfflineEstimates) list) : SweepResults = {
    Plan = SweepPlan(Name = "judged", Axes = [].ToImmutableArray(), Runs = [].ToImmutableArray())
    Runs = List.map fst runs
    Missing = []
    Damaged = []
}

let private section runs =
    let html =
        EstimateSections.ofRuns (sweep runs) runs
        |> List.collect (fun (_, _, body) -> body)
        |> RenderView.AsString.htmlNodes

    Regex.Replace(html, "<script.*?</script>", "", RegexOptions.Singleline) |> WebUtility.HtmlDecode

[<Tests>]
let tests =
    testList "EstimateTests" [
        testCase "runs that differ in their seed are a group, with an interval over seeds" (fun () ->
            let groups = Estimates.groups (judged false right)
            Expect.equal [ for group in groups -> group.Heading ] [ "β = 0"; "β = 1"; "β = 3" ] "headings"
            let summary = (Estimates.summary EstimateColumn.all.Head groups.Head).Value
            Expect.floatClose Accuracy.high summary.Mean 1.05 "mean"
            Expect.isSome summary.Interval "interval"
            let lines = Estimates.table groups
            Expect.hasLength lines 4 "lines"
            Expect.stringContains lines.Head "Fitted value  " "head"
            Expect.stringLacks lines.Head "TD error" "columns without numbers")

        testCase "a number in the scores' order has rank correlation 1 and no regret" (fun () ->
            let value = foresight "value" right
            Expect.equal value.Correlation.Value.Value 1.0 "correlation"
            Expect.equal (snd value.Regrets.Head).Value 0.0 "regret"
            // Nearest to the data is the worst here, and a lower error counts as better.
            let error = foresight "actionError" right
            Expect.equal error.Correlation.Value.Value -1.0 "correlation"
            Expect.equal (snd error.Regrets.Head).Value 80.0 "regret")

        testCase "groups that tie share the regret, and equal numbers have no order" (fun () ->
            let same = [ for beta, runs in right -> beta, [ for score, _, error in runs -> score, 1.0, error ] ]
            let value = foresight "value" same
            Expect.isNone value.Correlation "correlation"
            Expect.floatClose Accuracy.high (snd value.Regrets.Head).Value (91.0 - (11.0 + 52.0 + 91.0) / 3.0) "regret"
            Expect.isEmpty (Foresight.ofGroups Score (Estimates.groups (judged true right[..1]))) "two groups")

        testCase "without an environment the section says what the numbers can and cannot say" (fun () ->
            let runs = judged false right
            let page = section runs
            Expect.stringContains page "They cannot prove that a policy is good or safe" "caution"
            Expect.stringContains page "Episodes are held out from the fit, not from the policies" "seen"
            Expect.stringLacks page "Rank correlation" "no scores"
            let found = EstimateSections.found (sweep runs) runs |> String.concat " "
            Expect.stringContains found "has β = 3, the highest of 3. The data's own return is 2.00." "found"
            Expect.stringContains (EstimateSections.found (sweep runs) []).Head "iql evaluate FOLDER" "how to")

        testCase "with an environment the section shows how each number predicted the scores" (fun () ->
            let runs = judged true right
            let page = section runs
            Expect.stringContains page "How well each number predicted the scores" "heading"

            Expect.stringContains
                page
                "Rank correlations with the score: Fitted value 1.00, Action error −1.00"
                "spoken"

            Expect.isEmpty (EstimateSections.found (sweep runs) runs) "scores speak for themselves"
            Expect.isEmpty (EstimateSections.ofRuns (sweep runs) []) "nothing was judged")
    ]
