/// What golden traces are replayed on.
module Iql.Core.Tests.Learning.Ways

open System
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.Replay

/// The interpreter, and the compiler for every width of vectors.
let ways: Way list = [
    {
        Name = "in double precision"
        Execute = inDouble
        // A step of real size takes a second: four of the twenty, all of the small ones.
        Bounds = fun case -> Some(1e-9, 1e-9, (if case.Dim "batch" > 100 then 4 else Int32.MaxValue))
    }

    for path in InstructionSets.Available do
        {
            Name = $"compiled for {path}, in single precision"
            Execute = compiled path WorkerTeam.Single
            // Within ten times what float32 costs the reference itself. The real size on the machine's own width.
            Bounds =
                fun case ->
                    if case.Dim "batch" > 100 && path <> InstructionSets.Default then
                        None
                    else
                        let statistic, entry = case.FloatBounds
                        Some(statistic, entry, Int32.MaxValue)
        }
]
