module Iql.Core.Tests.DownloadTests

open System
open System.Collections.Concurrent
open System.IO
open System.Net
open System.Net.Sockets
open System.Security.Cryptography
open System.Threading.Tasks
open Iql.Data.Download
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DatasetFileTests
open Iql.Core.Tests.Hdf5FileTests
open Iql.Core.Tests.MinariTests
open Expecto
open Iql.Tests

/// A server on this machine that answers as told, and remembers what was asked for: path and range.
type Server(answer: HttpListenerContext -> unit) =
    let port =
        use free = new TcpListener(IPAddress.Loopback, 0)
        free.Start()
        (free.LocalEndpoint :?> IPEndPoint).Port

    let listener = new HttpListener()
    let asked = ConcurrentQueue<string * string>()

    do
        listener.Prefixes.Add $"http://localhost:{port}/"
        listener.Start()

        Task.Run(fun () ->
            try
                while true do
                    let context = listener.GetContext()
                    asked.Enqueue(context.Request.Url.AbsolutePath, context.Request.Headers["Range"])

                    try
                        answer context
                    with
                    | :? IOException
                    | :? HttpListenerException -> ()
            with _ ->
                ())
        |> ignore

    member _.Root = $"http://localhost:{port}"
    member _.Asked = List.ofSeq asked

    interface IDisposable with
        member _.Dispose() = listener.Close()

/// Answers with a file, or from where the range begins; breaks off after so many bytes.
let serve (tag: string) (bytes: byte[]) (breakAfter: int) (context: HttpListenerContext) =
    let response = context.Response
    response.Headers["ETag"] <- tag

    let start =
        match context.Request.Headers["Range"] with
        | null -> 0
        | _ when context.Request.Headers["If-Range"] <> tag -> 0
        | range ->
            let start = int (range.Substring("bytes=".Length).TrimEnd '-')
            response.StatusCode <- 206
            response.Headers["Content-Range"] <- $"bytes {start}-{bytes.Length - 1}/{bytes.Length}"
            start

    response.ContentLength64 <- int64 (bytes.Length - start)
    let count = min breakAfter (bytes.Length - start)
    response.OutputStream.Write(bytes, start, count)

    if count < bytes.Length - start then
        response.OutputStream.Flush()
        response.Abort()
    else
        response.Close()

let status (code: int) (context: HttpListenerContext) =
    context.Response.StatusCode <- code
    context.Response.Close()

let private file = D4rlFile.Find "hopper-medium-v2"

/// A data set file as large as a connection likes to break.
let private dataset (folder: string) =
    let path = Path.Combine(folder, "made.hdf5")
    let random = Random 5

    write path [
        array "observations" [ 20_000; 4 ] (Array.init 80_000 (fun _ -> random.NextSingle()))
        array "actions" [ 20_000; 1 ] (Array.init 20_000 (fun _ -> random.NextSingle()))
        array "rewards" [ 20_000 ] (Array.zeroCreate<float32> 20_000)
        array "terminals" [ 20_000 ] (Array.zeroCreate<bool> 20_000)
        array "timeouts" [ 20_000 ] (Array.zeroCreate<bool> 20_000)
    ]

    File.ReadAllBytes path

/// Runs with the cache in a folder of its own and with the bytes of a data set.
let private withCache (action: string -> byte[] -> unit) =
    withFolder (fun folder ->
        let before = Environment.GetEnvironmentVariable "D4RL_DATASET_DIR"
        let cache = Path.Combine(folder, "cache")
        Environment.SetEnvironmentVariable("D4RL_DATASET_DIR", cache)

        try
            action cache (dataset folder)
        finally
            Environment.SetEnvironmentVariable("D4RL_DATASET_DIR", before))

let private download (mirrors: string list) sum =
    D4rlCache.Download(file, ResizeArray mirrors, sum, pauses = ResizeArray [ 0.0; 0.0 ])

let private inCache (cache: string) = [ for path in Directory.GetFiles cache -> Path.GetFileName path ] |> List.sort

/// The cache of a whole file: it and its checksum.
let private whole = [ "hopper_medium-v2.hdf5"; "hopper_medium-v2.hdf5.sha256" ]

[<Tests>]
let tests =
    testSequenced
    <| testList "DownloadTests" [
        testCase "tasks lie where D4RL's addresses say" (fun () ->
            for task, path in
                [
                    "hopper-medium-replay-v2", "gym_mujoco_v2/hopper_medium_replay-v2.hdf5"
                    "hopper-medium-v1", "gym_mujoco_v1/hopper_medium-v1.hdf5"
                    "walker2d-medium-replay-v0", "gym_mujoco/walker_mixed.hdf5"
                    "antmaze-large-play-v0",
                    "ant_maze_new/Ant_maze_hardest-maze_noisy_multistart_True_multigoal_False_sparse.hdf5"
                    "antmaze-large-diverse-v2",
                    "ant_maze_v2/Ant_maze_hardest-maze_noisy_multistart_True_multigoal_True_sparse_fixed.hdf5"
                    "kitchen-mixed-v0", "kitchen/kitchen_microwave_kettle_bottomburner_light-v0.hdf5"
                    "pen-human-v0", "hand_dapg/pen-v0_demos_clipped.hdf5"
                    "pen-cloned-v0", "hand_dapg/pen-demos-v0-bc-combined.hdf5"
                    "pen-cloned-v1", "hand_dapg_v1/pen-cloned-v1.hdf5"
                    "maze2d-umaze-v1", "maze2d/maze2d-umaze-sparse-v1.hdf5"
                    "maze2d-umaze-dense-v1", "maze2d/maze2d-umaze-dense-v1.hdf5"
                ] do
                Expect.equal (D4rlFile.Find task).Path path "path of find of task"

            Expect.isNull (D4rlFile.Find "hopper-medium-v3") "find 'hopper-medium-v3'"
            let paths = [ for file in D4rlFile.All -> file.Path ]
            Expect.equal (List.distinct paths).Length paths.Length "length of distinct paths")

        testRows
            "a redirect to another kind of address is refused"
            [ "file:///etc/passwd"; "ftp://localhost/x"; "http://" ]
            (fun target ->
                withCache (fun cache _ ->
                    let away (context: HttpListenerContext) =
                        context.Response.Headers["Location"] <- target
                        status 302 context

                    use server = new Server(away)
                    let failure = throws<IOException>(fun () -> download [ server.Root ] null |> ignore)
                    Expect.stringContains failure.Message server.Root "the refusal"
                    Expect.isEmpty (inCache cache) "files in the cache"))

        testCase "a connection that breaks is gone on with where it broke" (fun () ->
            withCache (fun cache bytes ->
                use server = new Server(serve "\"one\"" bytes 100_000)
                let path = download [ server.Root ] null
                Expect.equal (File.ReadAllBytes path) bytes "file path"
                Expect.equal (inCache cache) whole "in cache of cache"
                let ranges = server.Asked |> List.map snd
                Expect.isNull ranges[0] "range 0"
                Expect.isGreaterThan ranges.Length 2 "length of ranges"

                for range in List.tail ranges do
                    Expect.isMatch range "^bytes=[1-9][0-9]*-$" "range"

                Expect.equal (fst server.Asked[0]) "/gym_mujoco_v2/hopper_medium-v2.hdf5" "asked 0 of server"))

        testCase "a later call goes on with what an earlier one left" (fun () ->
            withCache (fun cache bytes ->
                let mutable broken = true

                let answer (context: HttpListenerContext) =
                    if broken && not (isNull context.Request.Headers["Range"]) then
                        status 503 context
                    else
                        serve "\"one\"" bytes (if broken then 50_000 else Int32.MaxValue) context

                use server = new Server(answer)
                let said = message (fun () -> download [ server.Root ] null |> ignore)
                Expect.stringContains said "broke" "said"
                Expect.stringContains said "--from FOLDER" "said"

                Expect.equal
                    (inCache cache)
                    [ "hopper_medium-v2.hdf5.part"; "hopper_medium-v2.hdf5.part.from" ]
                    "in cache of cache"

                broken <- false
                let asked = server.Asked.Length
                Expect.equal (File.ReadAllBytes(download [ server.Root ] null)) bytes "file download"
                Expect.stringStarts (snd server.Asked[asked]) "bytes=" "asked of server at asked"))

        testCase "another version of the file is begun anew" (fun () ->
            withCache (fun _ bytes ->
                let other = Array.rev bytes
                let mutable first = true

                let answer (context: HttpListenerContext) =
                    if first then
                        first <- false
                        serve "\"old\"" other 60_000 context
                    else
                        serve "\"new\"" bytes Int32.MaxValue context

                use server = new Server(answer)
                Expect.equal (File.ReadAllBytes(download [ server.Root ] null)) bytes "file download"))

        testCase "mirrors are asked in order" (fun () ->
            withCache (fun cache bytes ->
                use absent = new Server(status 404)
                use forbidden = new Server(status 403)
                use good = new Server(serve "\"x\"" bytes Int32.MaxValue)

                let path =
                    download [ absent.Root; forbidden.Root + "/{task}.hdf5"; good.Root + "/mirror/{file}" ] null

                Expect.equal (File.ReadAllBytes path) bytes "file path"
                Expect.equal (List.map fst forbidden.Asked) [ "/hopper-medium-v2.hdf5" ] "asked of forbidden"
                Expect.equal (List.map fst good.Asked) [ "/mirror/hopper_medium-v2.hdf5" ] "asked of good"
                File.Delete path
                File.Delete(path + ".sha256")

                let said = message (fun () -> download [ absent.Root; forbidden.Root ] null |> ignore)

                Expect.stringContains said "answered 404" "said"
                Expect.stringContains said "answered 403" "said"
                Expect.stringContains said "from one of 2 mirrors, got none" "said"

                // With somebody to tell, each mirror has its lines, and the message has two short sentences.
                let lines = ResizeArray<string>()
                let mirrors = ResizeArray [ absent.Root; "http://localhost:9" ]

                let said =
                    message (fun () ->
                        D4rlCache.Download(
                            file,
                            mirrors,
                            pauses = ResizeArray [ 0.0 ],
                            say = (fun line -> lines.Add line)
                        )
                        |> ignore)

                Expect.hasLength lines 4 "lines"
                Expect.stringStarts lines[0] "mirror 1 of 2: http://" "line 0"
                Expect.stringContains lines[1] "failed: " "line 1"
                Expect.stringStarts lines[2] "mirror 2 of 2: http://localhost:9/" "line 2"
                Expect.stringContains lines[3] "failed: no connection in 2 tries" "line 3"
                Expect.isLessThan said.Length 250 said

                for sentence in said.Split ". " do
                    Expect.isLessThanOrEqual (sentence.Split(' ').Length) 20 sentence

                Expect.isEmpty (inCache cache) "in cache of cache"))

        testCase "a wrong checksum is refused and the good file stays" (fun () ->
            withCache (fun cache bytes ->
                let sum = Convert.ToHexString(SHA256.HashData bytes)
                let mutable sent = bytes

                use server = new Server(fun context -> serve $"\"{sent[5000]}\"" sent Int32.MaxValue context)

                let path = download [ server.Root ] sum
                let damaged = Array.copy bytes
                damaged[5000] <- damaged[5000] + 1uy
                sent <- damaged
                let said = message (fun () -> download [ server.Root ] sum |> ignore)
                Expect.stringContains said $"SHA-256 {sum.ToLowerInvariant()}, got " "said"
                Expect.equal (File.ReadAllBytes path) bytes "file path"
                Expect.equal (inCache cache) whole "in cache of cache"))

        testCase "a file's own checksum is stored beside it and compared when the file is read" (fun () ->
            withCache (fun cache bytes ->
                use server = new Server(serve "\"x\"" bytes Int32.MaxValue)
                let path = download [ server.Root ] null
                let sum = Convert.ToHexStringLower(SHA256.HashData bytes)
                Expect.equal (File.ReadAllText(path + ".sha256")) $"{sum}  hopper_medium-v2.hdf5\n" "what is stored"
                D4rlCache.RequireStored file
                let damaged = Array.copy bytes
                damaged[5000] <- damaged[5000] ^^^ 1uy
                File.WriteAllBytes(path, damaged)

                for read in
                    [
                        fun () -> D4rlCache.RequireStored file
                        fun () -> D4rlCache.Verify(file, path, null, path)
                    ] do
                    let said = message read
                    Expect.stringContains said $"expected SHA-256 {sum}" "said"
                    Expect.stringContains said "iql data download hopper-medium-v2 --again" "said"

                Expect.equal (File.ReadAllBytes(download [ server.Root ] null)) bytes "the file again"
                D4rlCache.RequireStored file
                // A file that came another way gets its checksum when it is verified.
                File.Delete(path + ".sha256")
                D4rlCache.RequireStored file
                D4rlCache.Verify(file, path, null, path)
                Expect.equal (inCache cache) whole "files in the cache"))

        testCase "what is no data set, or has another number of rows, is refused" (fun () ->
            withCache (fun cache bytes ->
                use page = new Server(serve "\"x\"" (Text.Encoding.UTF8.GetBytes "<html>moved</html>") Int32.MaxValue)

                Expect.stringContains
                    (message (fun () -> download [ page.Root ] null |> ignore))
                    "web page"
                    "the message"

                use server = new Server(serve "\"x\"" bytes Int32.MaxValue)
                let known = D4rlFile.Find "halfcheetah-medium-v2"

                let said = message (fun () -> D4rlCache.Download(known, ResizeArray [ server.Root ]) |> ignore)

                Expect.stringContains said "1,000,000 rows, got 20,000" "said"
                Expect.isEmpty (inCache cache) "in cache of cache"))

        testCase "a folder gives the file without a network" (fun () ->
            withCache (fun cache bytes ->
                let folder = Directory.CreateDirectory(cache + "-from").FullName

                Expect.stringContains
                    (message (fun () -> D4rlCache.Import(file, folder) |> ignore))
                    "expected hopper_medium-v2.hdf5 or hopper-medium-v2.hdf5"
                    "the message"

                File.WriteAllBytes(Path.Combine(folder, "hopper-medium-v2.hdf5"), bytes)
                let path = D4rlCache.Import(file, folder)
                Expect.equal (File.ReadAllBytes path) bytes "file path"
                File.WriteAllBytes(Path.Combine(folder, "hopper_medium-v2.hdf5"), bytes[..1000])

                Expect.stringContains
                    (message (fun () -> D4rlCache.Import(file, folder) |> ignore))
                    "truncated"
                    "the message"

                Expect.equal (File.ReadAllBytes path) bytes "file path"
                Expect.equal (inCache cache) whole "in cache of cache"))
    ]
