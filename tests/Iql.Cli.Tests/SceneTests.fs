/// `iql play`: an episode as a page.
module Iql.Cli.Tests.SceneTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Iql.Tests
open Iql.Environments.Mujoco
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private play (scratch: Scratch) (words: string) : string * string =
    let path = scratch.Path "play.html"
    let output = succeeds $"play {words} -o {path}"
    Expect.stringContains output path "output"
    File.ReadAllText path, output

[<Tests>]
let tests =
    testSequenced
    <| testList "SceneTests" [
        testCase "a sweep's folder plays its best run, and says which" (fun () ->
            use scratch = new Scratch()
            run $"{grid} -o {scratch}/sweep"
            let _, output = play scratch $"pointmaze-umaze-stitch-v0 --policy {scratch}/sweep"
            let runs = (Results.readSweep (scratch.Path "sweep") |> Attempt.get).Runs
            let best = runs |> List.map (Run.lastOf 1 Score) |> List.max
            let said = Regex.Match(output, "The best of 4 runs is (.*), normalised score (.*)\\.")
            Expect.isTrue said.Success output
            let named = runs |> List.find (fun run -> run.Name = said.Groups[1].Value)
            Expect.equal (Run.lastOf 1 Score named) best "best"
            // A sweep of one run has nothing to choose.
            run $"train {small} -o {scratch}/one"
            let _, output = play scratch $"pointmaze-umaze-stitch-v0 --policy {scratch}/one"
            Expect.stringLacks output "The best of" "output"
            // A run of another size is refused in a sentence.
            refuses $"play gridmaze-medium-v0 --policy {scratch}/sweep" [ "numbers per observation" ])

        testCase "the controller's way through a maze is drawn, walls and goal too" (fun () ->
            use scratch = new Scratch()

            let page, output = play scratch "pointmaze-umaze-stitch-v0 --policy expert"

            Expect.stringContains output "at the goal after" "output"
            Expect.stringContains output "return 1.0" "output"
            // 25 cells, 7 of them free.
            Expect.equal (Regex.Matches(page, "<rect").Count) 18 "count of matches"
            Expect.equal (Regex.Matches(page, "<circle").Count) 1 "count of matches"
            Expect.equal (Regex.Matches(page, "class=\"bar\"").Count) 1 "count of matches"
            Expect.stringContains page "\"follows\":0" "page"
            Expect.stringLacks (page.Replace("http://www.w3.org", "")) "http" "page"
            // As many moments as places.
            let moments = Regex.Match(page, "\"seconds\":\\[([^]]*)\\]").Groups[1].Value.Split(',').Length

            let places = page.Substring(page.IndexOf "\"places\":[" + 10)
            let places = places.Substring(0, places.IndexOf "]}")
            Expect.equal (Regex.Matches(places, "\\[").Count) moments "count of matches")

        testCase "the same seed gives the same page, another one another" (fun () ->
            use scratch = new Scratch()

            let page seed = play scratch $"pointmaze-umaze-v0 --seed {seed}" |> fst

            Expect.equal (page "1") (page "1") "page '1'"
            Expect.notEqual (page "2") (page "1") "page '2'")

        testCase "robots are seen from the side, the ant from above" (fun () ->
            needsMujoco ()
            use scratch = new Scratch()
            let hopper, output = play scratch "hopper-v4"
            Expect.stringContains output "terminal after" "output"
            Expect.equal (Regex.Matches(hopper, "class=\"bar\"").Count) 4 "count of matches"
            Expect.stringContains hopper "\"follows\":1" "hopper"
            let ant, _ = play scratch "ant-v4 --seed 3"
            Expect.equal (Regex.Matches(ant, "class=\"bar\"").Count) 13 "count of matches"
            Expect.stringContains ant "\"follows\":2" "ant"
            let maze, _ = play scratch "maze2d-umaze-v1 --policy expert"
            Expect.stringContains maze "score" "maze"
            Expect.equal (Regex.Matches(maze, "<rect").Count) 18 "count of matches")

        testCase
            "the hand, its things and where they should go are drawn in bars that stand still around them"
            (fun () ->
                needsMujoco ()
                use scratch = new Scratch()
                let relocate, output = play scratch "relocate-human-v1"
                Expect.stringContains output "time-out after 200 decisions" "output"
                // The target, the last bar, is a ball that the model does not have.
                Expect.stringContains relocate "#009e73" "relocate"
                Expect.stringContains relocate "\"follows\":0" "relocate"
                // 18 planks of a table, 24 bars of arm and hand, ball and target.
                Expect.equal (Regex.Matches(relocate, "class=\"bar\"").Count) 44 "count of matches")

        testCase "what cannot be played is refused before any work" (fun () ->
            use scratch = new Scratch()
            refuses $"play pointmaze-umaze-v0 --policy {scratch}/none" [ "found nothing" ]
            refuses "play nothing" [ "task"; "pointmaze-umaze-v0" ]
            refuses $"play pointmaze-umaze-v0 -o {scratch}/no/where.html" [ "--output" ]

            if MujocoLibrary.IsAvailable then
                refuses "play hopper-v4 --policy expert" [ "no controller" ])
    ]
