[<Xunit.Collection "console">]
module Iql.Cli.Tests.SplitTests

open System.IO
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Xunit

[<Fact>]
let ``one group a core while there are enough, and what is left over shared out`` () =
    for cores, groups, expected in
        [
            2, 5, [ 1; 1 ]
            2, 2, [ 1; 1 ]
            2, 1, [ 2 ]
            8, 3, [ 3; 3; 2 ]
            8, 4, [ 2; 2; 2; 2 ]
            1, 9, [ 1 ]
            4, 0, [ 4 ]
        ] do
        Assert.Equal<int list>(expected, Split.share cores groups)

[<Fact>]
let ``a request never gets more cores than the machine has`` () =
    Assert.Equal(2, Split.cores 2 64)
    Assert.Equal(3, Split.cores 8 3)

[<Fact>]
let ``a training prints its split`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "sweep"
    let output = succeeds $"{grid} --threads 1 -o {folder}"
    Assert.Contains("one group at a time, 1 thread", output)

[<Fact>]
let ``only few processor time on a machine that is asked for more than it has is warned of`` () =
    match Crowding.warning 2 2 3.6 0.5 with
    | None -> Assert.Fail "expected a warning"
    | Some warning ->
        for part in [ "3.6 threads use its 2 cores"; "2.0 times as long"; "--threads 1" ] do
            Assert.Contains(part, warning)

    // Threads that wait for files on a quiet machine; a busy machine that still gives them their cores.
    Assert.Equal(None, Crowding.warning 2 2 1.1 0.5)
    Assert.Equal(None, Crowding.warning 2 2 5.0 0.97)
