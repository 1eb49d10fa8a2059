module Iql.Scripts.Tests.FindingsTests

open Iql.Scripts
open Iql.Training
open Xunit

let private run (expectile: float) (beta: float) (seed: int) (ended: RunStatus) (scores: float list) : Run =
    Invented.run
        [
            "expectile", string<float> expectile
            "inverseTemperature", string<float> beta
            "seed", string seed
        ]
        (Invented.data "data" "generated" None)
        ended
        scores

let private values expectile beta = [
    "expectile", string<float> expectile
    "inverseTemperature", string<float> beta
]

let private cell expectile beta scores = {
    Values = values expectile beta
    Runs =
        scores
        |> List.mapi (fun seed score -> run expectile beta seed RunStatus.Finished [ score ])
}

let private words cells =
    Findings.ofGroups (Some Score) (Some "expectile") (Some "inverseTemperature") cells
    |> String.concat "\n"

[<Fact>]
let ``a clear winner is named with its interval and its lead`` () =
    let text =
        words [
            cell 0.5 0.0 [ 10.0; 11.0; 12.0 ]
            cell 0.5 3.0 [ 20.0; 21.0; 22.0 ]
            cell 0.9 3.0 [ 70.0; 71.0; 72.0 ]
        ]

    Assert.Contains("τ = 0.9, β = 3", text)
    Assert.Contains("71.0", text)
    Assert.Contains("larger than the spread between seeds", text)
    Assert.Contains("beats a run at τ = 0.5 in 100\u00a0% of pairs", text)
    Assert.Contains("best of 3 cells", text)

[<Fact>]
let ``cells whose difference contains zero are not told apart`` () =
    let text =
        words [ cell 0.5 3.0 [ 50.0; 60.0; 70.0 ]; cell 0.9 3.0 [ 52.0; 61.0; 71.0 ] ]

    Assert.Contains("no clear difference to (τ = 0.5, β = 3)", text)
    Assert.Contains("no clear effect of τ", text)

[<Fact>]
let ``behaviour cloning stands beside the best cell`` () =
    let text = words [ cell 0.9 0.0 [ 50.0; 51.0 ]; cell 0.9 3.0 [ 70.0; 71.0 ] ]
    Assert.Contains("(τ = 0.9, β = 0) scores 50.5", text)
    Assert.Contains("above it", text)
    Assert.Contains("so the weights gave no gain", words [ cell 0.9 0.0 [ 90.0; 91.0 ]; cell 0.9 3.0 [ 70.0; 71.0 ] ])

[<Fact>]
let ``one seed claims nothing`` () =
    let text = words [ cell 0.5 3.0 [ 50.0 ]; cell 0.9 3.0 [ 80.0 ] ]
    Assert.Contains("80.0 (one run)", text)
    Assert.Contains("these differences may be chance", text)
    Assert.DoesNotContain("[", text)

[<Fact>]
let ``failed runs are left out of means`` () =
    let good = cell 0.9 3.0 [ 70.0; 72.0 ]

    let failing = {
        good with
            Runs = run 0.9 3.0 2 RunStatus.Diverged [ 0.0 ] :: good.Runs
    }

    let text = words [ failing ]
    Assert.Contains("71.0", text)

[<Fact>]
let ``without evaluations the page says it knows no score`` () =
    let nothing = {
        cell 0.9 3.0 [] with
            Runs = [ run 0.9 3.0 0 RunStatus.Finished [] ]
    }

    let text = Findings.ofGroups None None None [ nothing ] |> String.concat "\n"

    Assert.Contains("Offline metrics only", text)
    Assert.DoesNotContain("best cell", text)

[<Fact>]
let ``numbers keep about three digits and intervals one width`` () =
    Assert.Equal("84.5", Shown.number 84.52)
    Assert.Equal("−0.198", Shown.number -0.1981)
    Assert.Equal("1,234", Shown.number 1234.4)
    Assert.Equal("[7.9,\u00a021.2]", Shown.interval { Low = 7.94; High = 21.2 })

[<Fact>]
let ``of cells that end alike the one that was good for longest is the best`` () =
    let climbing expectile early = {
        Values = values expectile 3.0
        Runs = [
            for seed in 0..1 -> run expectile 3.0 seed RunStatus.Finished [ early; 100.0 ]
        ]
    }

    match ResultGroups.best Score [ climbing 0.7 0.0; climbing 0.9 80.0; climbing 0.95 40.0 ] with
    | Some(best, _) -> Assert.Equal("0.9", snd best.Values.Head)
    | None -> Assert.Fail "a best cell"
