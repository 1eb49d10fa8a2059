namespace Iql.Core.Tests.Environments

open System.IO
open Expecto
open Iql.Tests
open Iql
open Iql.Environments
open Iql.Environments.Own
open Iql.Environments.Tasks

/// An environment as users write one: it counts down from 3.
type Fuse() =
    interface IEnvironment with
        member _.Name = "fuse-v1"
        member _.ObservationSize = 1
        member _.ActionSpace = ActionSpace.Continuous 1
        member _.StateSize = 1
        member _.TimeLimit = 6

        member _.Reset(_, state, observation) =
            state[0] <- 3.0
            observation[0] <- 3f

        member _.Step(state, _, observation) =
            state[0] <- state[0] - 1.0
            observation[0] <- float32 state[0]
            StepResult(1f, (state[0] = 0.0))

/// The same with a number that Fuse does not have.
type Mended(name: string, size: int, start: float32) =
    interface IEnvironment with
        member _.Name = name
        member _.ObservationSize = size
        member _.ActionSpace = ActionSpace.Continuous 1
        member _.StateSize = 1
        member _.TimeLimit = 6
        member _.Reset(_, _, observation) = observation.Fill start
        member _.Step(_, _, _) = StepResult(0f, true)

module OwnEnvironmentTests =

    let private here = typeof<Fuse>.Assembly.Location

    let private refused (address: string) (expected: string) : unit =
        let error = Expect.raises<InputException> (fun () -> OwnEnvironment.Load address |> ignore) address

        Expect.stringContains error.Message expected "the message"

    [<Tests>]
    let tests =
        testList "OwnEnvironmentTests" [
            testCase "a class of an assembly acts, by its short name and by its whole one" (fun () ->
                for name in [ "Fuse"; "Iql.Core.Tests.Environments.Fuse" ] do
                    let environment = OwnEnvironment.Load $"{here}:{name}"
                    let policy = PolicyRows(fun _ _ _ -> ())
                    let episode = Seq.head (Rollout.Run(environment, 1, Seed 0UL, policy))
                    Expect.equal episode.Return 3.0 "return")

            testCase "an added environment is a task by its name, and the last one counts" (fun () ->
                Expect.equal (Tasks.Add(Fuse())).Name "fuse-v1" "name"
                let card = Tasks.Add(Fuse())
                Expect.isTrue (obj.ReferenceEquals(Tasks.Find "fuse-v1", card)) "found")

            testRows
                "an address that names no environment is refused"
                [
                    "tank", "FILE.dll:TYPE or FILE.py:NAME"
                    "tank.py", "FILE.dll:TYPE or FILE.py:NAME"
                    "nowhere.dll:Tank", "the file nowhere.dll"
                ]
                (fun (address, expected) -> refused address expected)

            testCase "an assembly without the class names those that it has" (fun () ->
                refused $"{here}:Tonk" "Iql.Core.Tests.Environments.Fuse"
                refused $"{here}:Mended" "a public constructor without arguments"
                refused $"{typeof<TestCode>.Assembly.Location}:Tank" "a public class that implements IEnvironment"
                let text = Path.ChangeExtension(Path.GetTempFileName(), ".dll")
                File.WriteAllText(text, "text")
                refused $"{text}:Tank" "an assembly of .NET"
                File.Delete text)

            testRows
                "an environment that no run could use is refused"
                [ "a/b", 1, 0f; "", 1, 0f; "tank", 0, 0f; "tank", 1, nanf; "pointmaze-umaze-v0", 1, 0f ]
                (fun (name, size, start) ->
                    Expect.refuses (fun () -> Tasks.Add(Mended(name, size, start)) |> ignore) name)
        ]
