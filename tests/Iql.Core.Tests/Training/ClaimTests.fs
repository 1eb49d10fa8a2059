module Iql.Core.Tests.Training.ClaimTests

open System
open System.Diagnostics
open System.IO
open System.Threading
open Iql.Training
open Expecto
open Iql.Tests
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
    override _.CreateTimer(_, _, _, _) = new Timer((fun _ -> ()), null, Timeout.Infinite, Timeout.Infinite) :> ITimer

let minutes (count: float) = TimeSpan.FromMinutes count

let fileOf (folder: string) = Path.Combine(folder, "claim.json")

/// The claim of a process on another host, with so many signs of life.
let elsewhere (renewals: int) =
    $$"""{"host":"elsewhere","process":1,"start":"boot 1","token":"abc"}
{{renewals}}
"""

/// Where the other process is told which folder to train in.
let variable = "IQL_TEST_CLAIMS_IN"

/// A lease of a second instead of five minutes.
let lease = TimeSpan.FromSeconds 1.0

[<Tests>]
let tests =
    testSequenced
    <| testList "ClaimTests" [
        testCase "a claim keeps others out until it is given back, and says who holds it" (fun () ->
            inFolder (fun folder ->
                use claims = new Claims()
                use others = new Claims()

                do
                    use claim = claims.TryTake folder
                    Expect.isTrue (claim.Holds()) "holds of claim"
                    Expect.isNull (others.TryTake folder) "try take of others of folder"
                    Expect.isNull (claims.TryTake folder) "try take of claims of folder"
                    let holder = others.Holder(folder, ref false)
                    Expect.equal holder.Process Environment.ProcessId "process of holder"

                    Expect.equal
                        (string holder)
                        $"process {Environment.ProcessId} on {Environment.MachineName}"
                        "holder"

                Expect.isEmpty (Directory.GetFiles folder) "files in folder"
                Expect.isNull (others.Holder(folder, ref false)) "holder of others"
                use again = others.TryTake folder
                Expect.isNotNull again "again"))

        testCase "a claim that a killed process left aside is removed, a living one's is not" (fun () ->
            inFolder (fun folder ->
                let aside name = Path.Combine(folder, $"claim.json.{name}.tmp")
                use claims = new Claims()
                use claim = claims.TryTake folder
                File.Copy(fileOf folder, aside "living")
                File.WriteAllText(aside "elsewhere", elsewhere 3)
                File.WriteAllText(aside "cut", "{")
                use gone = Process.Start(ProcessStartInfo("true"))
                gone.WaitForExit()
                let process' = $"\"process\":{Environment.ProcessId}"
                let text = File.ReadAllText(fileOf folder)
                Expect.stringContains text process' "the claim"
                File.WriteAllText(aside "gone", text.Replace(process', $"\"process\":{gone.Id}"))
                Claims.Sweep folder
                Claims.Sweep(Path.Combine(folder, "none"))
                let left = [ for path in Directory.GetFiles(folder, "*.tmp") -> path ] |> List.sort
                Expect.equal left [ aside "elsewhere"; aside "living" ] "claims left aside"
                File.SetLastWriteTimeUtc(aside "elsewhere", DateTime.UtcNow.AddHours -2.0)
                Claims.Sweep folder
                Expect.equal (Directory.GetFiles(folder, "*.tmp")) [| aside "living" |] "claims left aside"
                Expect.isTrue (claim.Holds()) "the claim"))

        testCase "of several folders all are claimed or none" (fun () ->
            inFolder (fun root ->
                let folders = [ for name in [ "a"; "b"; "c" ] -> Path.Combine(root, name) ]
                use claims = new Claims()
                use others = new Claims()
                use _ = others.TryTake folders[1]
                Expect.isNull (claims.TryTake folders) "try take of claims of folders"
                Expect.isEmpty (Directory.GetFiles folders[0]) "files in folder 0"
                Expect.isFalse (Directory.Exists folders[2]) "folder 2 exists"))

        testCase
            "a claim is taken over after five minutes without a change, whatever the clocks of files say"
            (fun () ->
                for off in [ -10.0; 0.0; 10.0 ] do
                    inFolder (fun folder ->
                        let clock = Clock()
                        use claims = new Claims(clock = clock)

                        let show renewals =
                            File.WriteAllText(fileOf folder, elsewhere renewals)
                            File.SetLastWriteTimeUtc(fileOf folder, DateTime.UtcNow.AddMinutes off)

                        let renewed () =
                            let mutable renewed = false
                            Expect.equal (claims.Holder(folder, &renewed).Host) "elsewhere" "host of holder of claims"
                            renewed

                        show 1
                        Expect.isNull (claims.TryTake folder) "try take of claims of folder"
                        Expect.isFalse (renewed ()) "renewed"
                        clock.Move(minutes 4.9)
                        Expect.isNull (claims.TryTake folder) "try take of claims of folder"
                        show 2
                        Expect.isTrue (renewed ()) "renewed"
                        clock.Move(minutes 4.9)
                        Expect.isNull (claims.TryTake folder) "try take of claims of folder"
                        clock.Move(minutes 0.2)
                        use claim = claims.TryTake folder
                        Expect.isTrue (claim.Holds()) "holds of claim"
                        Expect.hasLength (Directory.GetFiles(folder)) 1 "files in folder"))

        testCase
            "the claim of a process that is gone is taken over at once, also where its number is used again"
            (fun () ->
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
                        Expect.notEqual other text "other"
                        File.WriteAllText(fileOf folder, other)
                        use claim = claims.TryTake folder
                        Expect.isTrue (claim.Holds()) "holds of claim"

                    // Alive, and of another container or host: nobody knows.
                    for other in [ text; elsewhere 1; "" ] do
                        File.WriteAllText(fileOf folder, other)
                        Expect.isNull (claims.TryTake folder) "try take of claims of folder"))

        testCase "a claim that was taken over is lost, and leaves the taker's alone" (fun () ->
            inFolder (fun folder ->
                let clock = Clock()
                use silent = new Claims(clock = clock)
                use claims = new Claims(clock = clock)
                let lost = silent.TryTake folder
                Expect.isNull (claims.TryTake folder) "try take of claims of folder"
                clock.Move(minutes 5.0)
                Expect.isTrue (lost.Holds()) "holds of lost"
                use taken = claims.TryTake folder
                Expect.isNotNull taken "taken"
                Expect.isFalse (lost.Holds()) "holds of lost"
                Expect.equal lost.Taker.Process Environment.ProcessId "process of lost"
                lost.Dispose()
                Expect.isTrue (taken.Holds()) "holds of taken"))

        testCase "a claim that somebody else made meanwhile is not removed" (fun () ->
            inFolder (fun folder ->
                use claims = new Claims()
                use claim = claims.TryTake folder
                Expect.isFalse (Claim.Remove(fileOf folder, (elsewhere 1).Split('\n')[0])) "remove"
                Expect.isTrue (claim.Holds()) "holds of claim"
                Expect.hasLength (Directory.GetFiles(folder)) 1 "files in folder"))

        testCase "of many processes that find an abandoned claim one takes it over" (fun () ->
            for _ in 1..20 do
                inFolder (fun folder ->
                    let clock = Clock()
                    let all = [ for _ in 1..8 -> new Claims(clock = clock) ]
                    File.WriteAllText(fileOf folder, elsewhere 1)

                    for claims in all do
                        Expect.isNull (claims.TryTake folder) "try take of claims of folder"

                    clock.Move(minutes 5.0)

                    let taken = Array.Parallel.map (fun (claims: Claims) -> claims.TryTake folder) (Array.ofList all)

                    Expect.equal
                        (taken |> Array.filter (isNull >> not) |> Array.filter _.Holds() |> Array.length)
                        1
                        "number of taken"

                    for claims in all do
                        claims.Dispose()

                    Expect.isEmpty (Directory.GetFiles folder) "files in folder"))

        testCase "a run whose claim is lost stops there, and nothing more of it is written" (fun () ->
            inFolder (fun root ->
                let expected = contents (train root 40L [ "whole", 0.1 ]).Head.Run.Folder
                let one = run root "a" config
                let clock = Clock()
                use silent = new Claims(clock = clock)
                use claims = new Claims(clock = clock)
                use mine = silent.TryTake one.Folder.Path
                let mutable left = []

                let takeOver (progress: TrainingProgress) =
                    Expect.isLessThanOrEqual progress.Step 20L "it went on"

                    if progress.Step = 20L then
                        Expect.isNull (claims.TryTake one.Folder.Path) "try take of claims"
                        clock.Move(minutes 5.0)
                        Expect.isNotNull (claims.TryTake one.Folder.Path) "try take of claims"

                        left <- [ for file in Directory.GetFiles one.Folder.Path -> file, File.ReadAllText file ]

                let outcome =
                    TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), [| one |], takeOver, claims = [| mine |])

                Expect.equal outcome[0].Status RunStatus.Unfinished "status of outcome 0"
                Expect.isTrue mine.Lost "lost of mine"

                Expect.equal
                    [ for file in Directory.GetFiles one.Folder.Path -> file, File.ReadAllText file ]
                    left
                    "file, file"

                claims.Dispose()
                train root 40L [ "a", 0.1 ] |> ignore
                Expect.equal (contents one.Folder) expected "contents"))

        testCase "a process that was stopped beyond its lease loses its run, writes nothing, and ends" (fun () ->
            let one folder = run folder "a" (config.With(steps = 400L, evaluateEvery = 400L))

            let learner = learner 0.05 [ 0.1 ]

            match Environment.GetEnvironmentVariable variable with
            | null ->
                if OperatingSystem.IsWindows() then
                    skiptest "Windows stops no process."

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

                    Expect.isNull (claims.TryTake folder.Path) "try take of claims"
                    Processes.signal "STOP" other
                    let clock = Stopwatch.StartNew()
                    let mutable claim = null

                    while isNull claim && clock.Elapsed < TimeSpan.FromSeconds 60.0 do
                        Thread.Sleep 50
                        claim <- claims.TryTake folder.Path

                    Expect.between (lease * 0.9) (TimeSpan.FromSeconds 60.0) clock.Elapsed "elapsed of clock"
                    Expect.between 50L 390L (Checkpoint.Step folder) "step of folder"
                    Processes.signal "CONT" other

                    TrainingLoop.Run(plan 1 learner, [| one stopped |], claims = [| claim |]) |> ignore

                    other.WaitForExit()
                    claim.Dispose()
                    TrainingLoop.Run(plan 1 learner, [| one whole |]) |> ignore
                    Expect.equal (contents folder) (contents (one whole).Folder) "contents of folder"
                    Expect.hasLength (Directory.GetFiles(folder.Path)) 5 "files in path of folder"

                    Expect.equal
                        (File.ReadAllText(Path.Combine(root, "stopped.txt")))
                        "lost"
                        "file root, 'stopped.txt'")
            | folder ->
                use claims = new Claims(lease)
                use claim = claims.TryTake (one folder).Folder.Path

                let dawdle (progress: TrainingProgress) =
                    if progress.Step > 50L then
                        Thread.Sleep 100

                TrainingLoop.Run(plan 1 learner, [| one folder |], dawdle, claims = [| claim |]) |> ignore

                File.WriteAllText(folder + ".txt", (if claim.Lost then "lost" else "held")))
    ]
