/// Exported policies as C#: compiled by the SDK's compiler, loaded, and compared with the interpreter.
module Iql.Core.Tests.Export.CSharpFileTests

open System
open System.Diagnostics
open System.IO
open System.Reflection
open Expecto
open Iql
open Iql.Export
open Iql.Graph
open Iql.Tests
open Iql.Core.Tests.Learning.SmallConfigs
open Iql.Core.Tests.Policies.StoredRun
open Iql.Core.Tests.Training.Fixture

let private runtime = Path.GetDirectoryName typeof<obj>.Assembly.Location

/// The C# compiler of the newest SDK.
let private compiler: string option =
    let sdks = Path.GetFullPath(Path.Combine(runtime, "..", "..", "..", "sdk"))

    if Directory.Exists sdks then
        Directory.GetDirectories sdks
        |> Seq.map (fun sdk -> Path.Combine(sdk, "Roslyn", "bincore", "csc.dll"))
        |> Seq.filter File.Exists
        |> Seq.tryLast
    else
        None

let private compile (csc: string) (folder: string) (files: string list) : Assembly =
    let library = Path.Combine(folder, "exported.dll")

    let references = [ for name in [ "System.Private.CoreLib"; "System.Runtime" ] -> $"-r:{runtime}/{name}.dll" ]

    let arguments =
        [ csc; "-nologo"; "-nostdlib"; "-target:library"; "-warnaserror"; $"-out:{library}" ]
        @ references
        @ files

    use running =
        Process.Start(
            ProcessStartInfo(
                Path.Combine(runtime, "..", "..", "..", "dotnet"),
                arguments,
                RedirectStandardOutput = true
            )
        )

    let output = running.StandardOutput.ReadToEnd()
    running.WaitForExit()
    Expect.equal running.ExitCode 0 $"{output}"
    Assembly.Load(File.ReadAllBytes library)

let private shorter (name: string) = name.Replace(' ', '-').Replace("%", "")

[<Tests>]
let tests =
    testList "CSharpFileTests" [
        testCase "every algorithm's file compiles without a warning and acts as the interpreter does" (fun () ->
            match compiler with
            | None -> skiptest "There is no C# compiler beside this runtime: it is not of an SDK."
            | Some csc ->
                inFolder (fun folder ->
                    let policies = [
                        for name, config in configs ->
                            let file = Path.Combine(folder, $"of-{shorter name}.cs")
                            let policy = load folder name config
                            PolicyExport.Save(policy, PolicyFormat.CSharp, file) |> ignore
                            name, policy, file
                    ]

                    let library = compile csc folder [ for _, _, file in policies -> file ]

                    for name, policy, file in policies do
                        let words = Path.GetFileNameWithoutExtension(file).Split '-'

                        let kind =
                            library.GetType(
                                String.concat "" [
                                    for word in words -> $"{Char.ToUpperInvariant word[0]}{word[1..]}"
                                ]
                            )

                        let own = Activator.CreateInstance kind

                        let act =
                            kind.GetMethods()
                            |> Array.find (fun each -> each.Name = "Act" && each.ReturnType = typeof<float[]>)

                        let traced = PolicyGraph.Of(policy, 1)
                        let all = observations 20
                        let mutable memory: Map<string, float[]> = Map.empty

                        for row in 0..19 do
                            let observation = Array.map float all[3 * row .. 3 * row + 2]

                            let inputs = [
                                for input in traced.Inputs ->
                                    let draw = (Seed.Named input.Name).Split(uint64 row)

                                    input.Name,
                                    match input.Name with
                                    | "observation" -> observation
                                    | "decision" -> [| float row |]
                                    | "reward" -> [| 0.5 |]
                                    | "noise" -> [| for i in 0 .. input.Shape.Count - 1 -> draw.Normal(uint64 i) |]
                                    | "uniform" -> [| for i in 0 .. input.Shape.Count - 1 -> draw.Unit(uint64 i) |]
                                    | name ->
                                        memory.TryFind(name.Replace("context_", "next_"))
                                        |> Option.defaultWith (fun () -> Array.zeroCreate input.Shape.Count)
                            ]

                            let bound =
                                readOnlyDict (
                                    inputs
                                    @ [
                                        for each in traced.Parameters ->
                                            each.Name, Array.map float (each.Values.ToArray())
                                    ]
                                )

                            let values =
                                Interpreter.Evaluate([| for struct (_, value) in traced.Outputs -> value |], bound)

                            memory <- Map(Seq.zip [ for struct (name, _) in traced.Outputs -> name ] values)

                            let given: obj[] = [|
                                observation
                                if policy.Remembers then
                                    0.5
                                for name, numbers in inputs do
                                    if name = "noise" || name = "uniform" then
                                        numbers
                            |]

                            let actions = act.Invoke(own, given) :?> float[]
                            Expect.equal actions.Length 2 "length of actions"

                            for x, y in Seq.zip actions memory["action"] do
                                Expect.isLessThanOrEqual (abs (x - y)) 1e-8 $"{name}, row {row}: {x} {y}"

                        policy.Dispose()))
    ]
