/// Tasks on MuJoCo from the command line.
[<Xunit.Collection "console">]
module Iql.Cli.Tests.MujocoTests

open System.Diagnostics
open Xunit
open Iql.Environments.Mujoco
open Iql.Scripts
open Iql.Cli
open Iql.Cli.Tests.CommandTests

let private needsMujoco () =
    if not MujocoLibrary.IsAvailable then
        Assert.Skip "The machine has no MuJoCo 2.2.2."

/// Exit code and messages of a process that looks for MuJoCo where there is none.
let without (words: string list) =
    let info = ProcessStartInfo("dotnet", typeof<Command>.Assembly.Location :: words)
    info.Environment["IQL_MUJOCO"] <- "no-such-library.so"
    info.RedirectStandardError <- true
    info.RedirectStandardOutput <- true
    use running = Process.Start info
    let said = running.StandardOutput.ReadToEnd()
    let message = running.StandardError.ReadToEnd()
    running.WaitForExit()
    running.ExitCode, said, message

[<Fact>]
let ``without MuJoCo a task that needs it says what to install, and the others work`` () =
    let code, _, message =
        without [ "train"; "--task"; "hopper-medium-v2"; "--data"; "none.hdf5" ]

    Assert.Equal(2, code)

    Assert.StartsWith(
        "iql: MuJoCo: expected the system's MuJoCo library 2.2.2, found none of no-such-library.so. Install it",
        message
    )

    Assert.Contains("apt-get install libmujoco2.2.2", message)
    Assert.DoesNotContain("   at ", message)

    let code, said, _ = without [ "tasks" ]
    Assert.Equal(0, code)
    Assert.Contains("not installed here", said)
    Assert.Contains("hopper-medium-v2", said)

[<Fact>]
let ``a task without data of its own asks for a file`` () =
    needsMujoco ()
    refuses [ "train"; "--task"; "halfcheetah-v4" ] [ "--data FILE"; "halfcheetah-v4" ]
    refuses [ "train"; "--task"; "hopper-medum-v2" ] [ "hopper-medum-v2"; "hopper-medium-v2" ]
    refuses [ "env"; "reference"; "hopper-medium-v2" ] [ "controller" ]

    for words in
        [
            [ "train"; "--task"; "hoper-medium-v2" ]
            [ "data"; "collect"; "hoper-medium-v2" ]
            [ "play"; "hoper-medium-v2" ]
            [ "env"; "reference"; "hoper-medium-v2" ]
        ] do
        refuses words [ "got hoper-medium-v2. Did you mean hopper-medium-v2?" ]

    // A data set of D4RL without an environment here.
    refuses [ "train"; "--task"; "kitchen-mixd-v0" ] [ "Did you mean kitchen-mixed-v0?" ]
