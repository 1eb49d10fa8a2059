module Iql.Scripts.Program

[<EntryPoint>]
let main _ =
    printfn "iql: offline reinforcement learning for .NET. Nothing to run yet."
    0
