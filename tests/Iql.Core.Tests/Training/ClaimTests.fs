module Iql.Core.Tests.Training.ClaimTests

open System
open System.Diagnostics
open System.IO
open System.Threading
open Iql.Training
open Xunit
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

/// A clock that stands still until it is moved, ten minutes off from that of the files.
type Clock() =
    inherit TimeProvider()
    let mutable now = 0L
    member _.Move(span: TimeSpan) = now <- now + span.Ticks
    override _.TimestampFrequency = TimeSpan.TicksPerSecond
    override _.GetTimestamp() = now
    override _.GetUtcNow() = DateTimeOffset.UtcNow.AddMinutes 10.0

    /// Nobody shows a sign of life by himself.
    override _.CreateTimer(_, _, _, _) =
        new Timer((fun _ -> ()), null, Timeout.Infinite, Timeout.Infinite) :> ITimer

let minutes (count: float) = TimeSpan.FromMinutes count

let fileOf (folder: string) = Path.Combine(folder, "claim.json")

/// The claim of a process on another host, with so many signs of life.
let elsewhere (renewals: int) =
    $$"""{"host":"elsewhere","process":1,"start":"boot 1","token":"abc"}
{{renewals}}
"""

[<Fact>]
let ``a claim keeps others out until it is given back, and says who holds it`` () =
    inFolder (fun folder ->
        use claims = new Claims()
        use others = new Claims()

        do
            use claim = claims.TryTake folder
            Assert.True(claim.Holds())
            Assert.Null(others.TryTake folder)
            Assert.Null(claims.TryTake folder)
            let holder = others.Holder(folder, ref false)
            Assert.Equal(Environment.ProcessId, holder.Process)
            Assert.Equal($"process {Environment.ProcessId} on {Environment.MachineName}", string holder)

        Assert.Empty(Directory.GetFiles folder)
        Assert.Null(others.Holder(folder, ref false))
        use again = others.TryTake folder
        Assert.NotNull again)

[<Fact>]
let ``of several folders all are claimed or none`` () =
    inFolder (fun root ->
        let folders = [ for name in [ "a"; "b"; "c" ] -> Path.Combine(root, name) ]
        use claims = new Claims()
        use others = new Claims()
        use _ = others.TryTake folders[1]
        Assert.Null(claims.TryTake folders)
        Assert.Empty(Directory.GetFiles folders[0])
        Assert.False(Directory.Exists folders[2]))

[<Fact>]
let ``a claim is taken over after five minutes without a change, whatever the clocks of files say`` () =
    for off in [ -10.0; 0.0; 10.0 ] do
        inFolder (fun folder ->
            let clock = Clock()
            use claims = new Claims(clock = clock)

            let show renewals =
                File.WriteAllText(fileOf folder, elsewhere renewals)
                File.SetLastWriteTimeUtc(fileOf folder, DateTime.UtcNow.AddMinutes off)

            let renewed () =
                let mutable renewed = false
                Assert.Equal("elsewhere", claims.Holder(folder, &renewed).Host)
                renewed

            show 1
            Assert.Null(claims.TryTake folder)
            Assert.False(renewed ())
            clock.Move(minutes 4.9)
            Assert.Null(claims.TryTake folder)
            show 2
            Assert.True(renewed ())
            clock.Move(minutes 4.9)
            Assert.Null(claims.TryTake folder)
            clock.Move(minutes 0.2)
            use claim = claims.TryTake folder
            Assert.True(claim.Holds())
            Assert.Equal(1, Directory.GetFiles(folder).Length))

[<Fact>]
let ``the claim of a process that is gone is taken over at once, also where its number is used again`` () =
    inFolder (fun folder ->
        use claims = new Claims(clock = Clock())
        let mine = claims.TryTake folder
        let text = File.ReadAllText(fileOf folder)
        mine.Dispose()
        use gone = Process.Start("true")
        gone.WaitForExit()
        let number (id: int) = $"\"process\":{id},"

        for other in
            [
                text.Replace(number Environment.ProcessId, number gone.Id)
                // This process, started another time.
                text.Replace("\",\"token\"", "0\",\"token\"")
            ] do
            Assert.NotEqual<string>(text, other)
            File.WriteAllText(fileOf folder, other)
            use claim = claims.TryTake folder
            Assert.True(claim.Holds())

        // Alive, and of another container or host: nobody knows.
        for other in [ text; elsewhere 1; "" ] do
            File.WriteAllText(fileOf folder, other)
            Assert.Null(claims.TryTake folder))

[<Fact>]
let ``a claim that was taken over is lost, and leaves the taker's alone`` () =
    inFolder (fun folder ->
        let clock = Clock()
        use silent = new Claims(clock = clock)
        use claims = new Claims(clock = clock)
        let lost = silent.TryTake folder
        Assert.Null(claims.TryTake folder)
        clock.Move(minutes 5.0)
        Assert.True(lost.Holds())
        use taken = claims.TryTake folder
        Assert.NotNull taken
        Assert.False(lost.Holds())
        Assert.Equal(Environment.ProcessId, lost.Taker.Process)
        lost.Dispose()
        Assert.True(taken.Holds()))

[<Fact>]
let ``a claim that somebody else made meanwhile is not removed`` () =
    inFolder (fun folder ->
        use claims = new Claims()
        use claim = claims.TryTake folder
        Assert.False(Claim.Remove(fileOf folder, (elsewhere 1).Split('\n')[0]))
        Assert.True(claim.Holds())
        Assert.Equal(1, Directory.GetFiles(folder).Length))

[<Fact>]
let ``of many processes that find an abandoned claim one takes it over`` () =
    for _ in 1..20 do
        inFolder (fun folder ->
            let clock = Clock()
            let all = [ for _ in 1..8 -> new Claims(clock = clock) ]
            File.WriteAllText(fileOf folder, elsewhere 1)

            for claims in all do
                Assert.Null(claims.TryTake folder)

            clock.Move(minutes 5.0)

            let taken =
                Array.Parallel.map (fun (claims: Claims) -> claims.TryTake folder) (Array.ofList all)

            Assert.Equal(1, taken |> Array.filter (isNull >> not) |> Array.filter _.Holds() |> Array.length)

            for claims in all do
                claims.Dispose()

            Assert.Empty(Directory.GetFiles folder))

[<Fact>]
let ``a run whose claim is lost stops there, and nothing more of it is written`` () =
    inFolder (fun root ->
        let expected = contents (train root 40L [ "whole", 0.1 ]).Head.Run.Folder
        let one = run root "a" config
        let clock = Clock()
        use silent = new Claims(clock = clock)
        use claims = new Claims(clock = clock)
        use mine = silent.TryTake one.Folder.Path
        let mutable left = []

        let takeOver (progress: TrainingProgress) =
            Assert.True(progress.Step <= 20L, "it went on")

            if progress.Step = 20L then
                Assert.Null(claims.TryTake one.Folder.Path)
                clock.Move(minutes 5.0)
                Assert.NotNull(claims.TryTake one.Folder.Path)

                left <- [
                    for file in Directory.GetFiles one.Folder.Path -> file, File.ReadAllText file
                ]

        let outcome =
            TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), [| one |], takeOver, claims = [| mine |])

        Assert.Equal(RunStatus.Unfinished, outcome[0].Status)
        Assert.True mine.Lost

        Assert.Equal<(string * string) list>(
            left,
            [
                for file in Directory.GetFiles one.Folder.Path -> file, File.ReadAllText file
            ]
        )

        claims.Dispose()
        train root 40L [ "a", 0.1 ] |> ignore
        Assert.Equal(expected, contents one.Folder))

/// Where the other process is told which folder to train in.
let variable = "IQL_TEST_CLAIMS_IN"

/// A lease of a second instead of five minutes.
let lease = TimeSpan.FromSeconds 1.0

[<Fact>]
let ``a process that was stopped beyond its lease loses its run, writes nothing, and ends`` () =
    let one folder =
        run folder "a" (config.With(steps = 400L, evaluateEvery = 400L))

    let learner = learner 0.05 [ 0.1 ]

    match Environment.GetEnvironmentVariable variable with
    | null ->
        if OperatingSystem.IsWindows() then
            Assert.Skip "Windows stops no process."

        inFolder (fun root ->
            let stopped, whole = Path.Combine(root, "stopped"), Path.Combine(root, "whole")
            let folder = (one stopped).Folder

            use other =
                Processes.thisTest
                    variable
                    stopped
                    "ClaimTests"
                    "a process that was stopped beyond its lease loses its run, writes nothing, and ends"

            use claims = new Claims(lease)

            while Checkpoint.Step folder < 50L do
                Thread.Sleep 5

            Assert.Null(claims.TryTake folder.Path)
            Processes.signal "STOP" other
            let clock = Stopwatch.StartNew()
            let mutable claim = null

            while isNull claim && clock.Elapsed < TimeSpan.FromSeconds 60.0 do
                Thread.Sleep 50
                claim <- claims.TryTake folder.Path

            Assert.InRange(clock.Elapsed, lease * 0.9, TimeSpan.FromSeconds 60.0)
            Assert.InRange(Checkpoint.Step folder, 50L, 390L)
            Processes.signal "CONT" other

            TrainingLoop.Run(plan 1 learner, [| one stopped |], claims = [| claim |])
            |> ignore

            other.WaitForExit()
            claim.Dispose()
            TrainingLoop.Run(plan 1 learner, [| one whole |]) |> ignore
            Assert.Equal(contents (one whole).Folder, contents folder)
            Assert.Equal(5, Directory.GetFiles(folder.Path).Length)
            Assert.Equal("lost", File.ReadAllText(Path.Combine(root, "stopped.txt"))))
    | folder ->
        use claims = new Claims(lease)
        use claim = claims.TryTake (one folder).Folder.Path

        let dawdle (progress: TrainingProgress) =
            if progress.Step > 50L then
                Thread.Sleep 100

        TrainingLoop.Run(plan 1 learner, [| one folder |], dawdle, claims = [| claim |])
        |> ignore

        File.WriteAllText(folder + ".txt", (if claim.Lost then "lost" else "held"))
