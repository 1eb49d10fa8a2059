/// `iql play`: an episode as a page.
[<Xunit.Collection "console">]
module Iql.Cli.Tests.SceneTests

open System.IO
open System.Text.RegularExpressions
open Xunit
open Iql.Environments.Mujoco
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private play (scratch: Scratch) (words: string) : string * string =
    let path = scratch.Path "play.html"
    let output = succeeds $"play {words} -o {path}"
    Assert.Contains(path, output)
    File.ReadAllText path, output

[<Fact>]
let ``the controller's way through a maze is drawn, walls and goal too`` () =
    use scratch = new Scratch()

    let page, output = play scratch "pointmaze-umaze-stitch-v0 --policy expert"

    Assert.Contains("at the goal after", output)
    Assert.Contains("return 1.0", output)
    // 25 cells, 7 of them free.
    Assert.Equal(18, Regex.Matches(page, "<rect").Count)
    Assert.Equal(1, Regex.Matches(page, "<circle").Count)
    Assert.Equal(1, Regex.Matches(page, "class=\"bar\"").Count)
    Assert.Contains("\"follows\":0", page)
    Assert.DoesNotContain("http", page.Replace("http://www.w3.org", ""))
    // As many moments as places.
    let moments =
        Regex.Match(page, "\"seconds\":\\[([^]]*)\\]").Groups[1].Value.Split(',').Length

    let places = page.Substring(page.IndexOf "\"places\":[" + 10)
    let places = places.Substring(0, places.IndexOf "]}")
    Assert.Equal(moments, Regex.Matches(places, "\\[").Count)

[<Fact>]
let ``the same seed gives the same page, another one another`` () =
    use scratch = new Scratch()

    let page seed =
        play scratch $"pointmaze-umaze-v0 --seed {seed}" |> fst

    Assert.Equal(page "1", page "1")
    Assert.NotEqual<string>(page "1", page "2")

[<Fact>]
let ``robots are seen from the side, the ant from above`` () =
    needsMujoco ()
    use scratch = new Scratch()
    let hopper, output = play scratch "hopper-v4"
    Assert.Contains("terminal after", output)
    Assert.Equal(4, Regex.Matches(hopper, "class=\"bar\"").Count)
    Assert.Contains("\"follows\":1", hopper)
    let ant, _ = play scratch "ant-v4 --seed 3"
    Assert.Equal(13, Regex.Matches(ant, "class=\"bar\"").Count)
    Assert.Contains("\"follows\":2", ant)
    let maze, _ = play scratch "maze2d-umaze-v1 --policy expert"
    Assert.Contains("score", maze)
    Assert.Equal(18, Regex.Matches(maze, "<rect").Count)

[<Fact>]
let ``the hand, its things and where they should go are drawn in bars that stand still around them`` () =
    needsMujoco ()
    use scratch = new Scratch()
    let relocate, output = play scratch "relocate-human-v1"
    Assert.Contains("time-out after 200 decisions", output)
    // The target, the last bar, is a ball that the model does not have.
    Assert.Contains("#009e73", relocate)
    Assert.Contains("\"follows\":0", relocate)
    // 18 planks of a table, 24 bars of arm and hand, ball and target.
    Assert.Equal(44, Regex.Matches(relocate, "class=\"bar\"").Count)

[<Fact>]
let ``what cannot be played is refused before any work`` () =
    use scratch = new Scratch()
    refuses $"play pointmaze-umaze-v0 --policy {scratch}/none" [ "found nothing" ]
    refuses "play nothing" [ "task"; "pointmaze-umaze-v0" ]
    refuses $"play pointmaze-umaze-v0 -o {scratch}/no/where.html" [ "--output" ]

    if MujocoLibrary.IsAvailable then
        refuses "play hopper-v4 --policy expert" [ "no controller" ]
