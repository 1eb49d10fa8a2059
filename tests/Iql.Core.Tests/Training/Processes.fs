/// Tests that need another process start this very program for one test, and tell it what to do by a variable.
module Iql.Core.Tests.Training.Processes

open System
open System.Diagnostics
open System.IO
open System.Reflection

/// This test program, running one test of a class alone, with a variable set.
let thisTest (variable: string) (value: string) (tests: string) (name: string) : Process =
    let program = Assembly.GetExecutingAssembly().Location

    let itself = Path.Combine(AppContext.BaseDirectory, Path.GetFileNameWithoutExtension program)

    let executable = if OperatingSystem.IsWindows() then itself + ".exe" else itself

    let start = ProcessStartInfo(executable, [ "--filter"; $"{tests}.{name}" ])

    start.Environment[variable] <- value
    start.RedirectStandardOutput <- true
    Process.Start start

/// Sends a process a signal: "STOP", "CONT", "INT".
let signal (name: string) (running: Process) : unit =
    use kill = Process.Start("kill", [ $"-{name}"; string running.Id ])
    kill.WaitForExit()
