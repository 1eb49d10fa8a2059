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
open Xunit

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

let private inCache (cache: string) =
    [ for path in Directory.GetFiles cache -> Path.GetFileName path ] |> List.sort

[<Fact>]
let ``tasks lie where D4RL's addresses say`` () =
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
        Assert.Equal(path, (D4rlFile.Find task).Path)

    Assert.Null(D4rlFile.Find "hopper-medium-v3")
    let paths = [ for file in D4rlFile.All -> file.Path ]
    Assert.Equal(paths.Length, (List.distinct paths).Length)

[<Fact>]
let ``a connection that breaks is gone on with where it broke`` () =
    withCache (fun cache bytes ->
        use server = new Server(serve "\"one\"" bytes 100_000)
        let path = download [ server.Root ] null
        Assert.Equal<byte[]>(bytes, File.ReadAllBytes path)
        Assert.Equal<string list>([ "hopper_medium-v2.hdf5" ], inCache cache)
        let ranges = server.Asked |> List.map snd
        Assert.Null ranges[0]
        Assert.True(ranges.Length > 2)

        for range in List.tail ranges do
            Assert.Matches("^bytes=[1-9][0-9]*-$", range)

        Assert.Equal("/gym_mujoco_v2/hopper_medium-v2.hdf5", fst server.Asked[0]))

[<Fact>]
let ``a later call goes on with what an earlier one left`` () =
    withCache (fun cache bytes ->
        let mutable broken = true

        let answer (context: HttpListenerContext) =
            if broken && not (isNull context.Request.Headers["Range"]) then
                status 503 context
            else
                serve "\"one\"" bytes (if broken then 50_000 else Int32.MaxValue) context

        use server = new Server(answer)
        let said = message (fun () -> download [ server.Root ] null |> ignore)
        Assert.Contains("broke", said)
        Assert.Contains("--from FOLDER", said)
        Assert.Equal<string list>([ "hopper_medium-v2.hdf5.part"; "hopper_medium-v2.hdf5.part.from" ], inCache cache)
        broken <- false
        let asked = server.Asked.Length
        Assert.Equal<byte[]>(bytes, File.ReadAllBytes(download [ server.Root ] null))
        Assert.StartsWith("bytes=", snd server.Asked[asked]))

[<Fact>]
let ``another version of the file is begun anew`` () =
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
        Assert.Equal<byte[]>(bytes, File.ReadAllBytes(download [ server.Root ] null)))

[<Fact>]
let ``mirrors are asked in order`` () =
    withCache (fun cache bytes ->
        use absent = new Server(status 404)
        use forbidden = new Server(status 403)
        use whole = new Server(serve "\"x\"" bytes Int32.MaxValue)

        let path =
            download [ absent.Root; forbidden.Root + "/{task}.hdf5"; whole.Root + "/mirror/{file}" ] null

        Assert.Equal<byte[]>(bytes, File.ReadAllBytes path)
        Assert.Equal<string list>([ "/hopper-medium-v2.hdf5" ], List.map fst forbidden.Asked)
        Assert.Equal<string list>([ "/mirror/hopper_medium-v2.hdf5" ], List.map fst whole.Asked)
        File.Delete path

        let said =
            message (fun () -> download [ absent.Root; forbidden.Root ] null |> ignore)

        Assert.Contains("answered 404", said)
        Assert.Contains("answered 403", said)
        Assert.Contains("from 2 mirrors, got none", said)
        Assert.Empty(inCache cache))

[<Fact>]
let ``a wrong checksum is refused and the good file stays`` () =
    withCache (fun cache bytes ->
        let sum = Convert.ToHexString(SHA256.HashData bytes)
        let mutable sent = bytes

        use server =
            new Server(fun context -> serve $"\"{sent[5000]}\"" sent Int32.MaxValue context)

        let path = download [ server.Root ] sum
        let damaged = Array.copy bytes
        damaged[5000] <- damaged[5000] + 1uy
        sent <- damaged
        let said = message (fun () -> download [ server.Root ] sum |> ignore)
        Assert.Contains($"SHA-256 {sum.ToLowerInvariant()}, got ", said)
        Assert.Equal<byte[]>(bytes, File.ReadAllBytes path)
        Assert.Equal<string list>([ "hopper_medium-v2.hdf5" ], inCache cache))

[<Fact>]
let ``what is no data set, or has another number of rows, is refused`` () =
    withCache (fun cache bytes ->
        use page =
            new Server(serve "\"x\"" (Text.Encoding.UTF8.GetBytes "<html>moved</html>") Int32.MaxValue)

        Assert.Contains("web page", message (fun () -> download [ page.Root ] null |> ignore))
        use server = new Server(serve "\"x\"" bytes Int32.MaxValue)
        let known = D4rlFile.Find "halfcheetah-medium-v2"

        let said =
            message (fun () -> D4rlCache.Download(known, ResizeArray [ server.Root ]) |> ignore)

        Assert.Contains("1,000,000 rows, got 20,000", said)
        Assert.Empty(inCache cache))

[<Fact>]
let ``a folder gives the file without a network`` () =
    withCache (fun cache bytes ->
        let folder = Directory.CreateDirectory(cache + "-from").FullName

        Assert.Contains(
            "expected hopper_medium-v2.hdf5 or hopper-medium-v2.hdf5",
            message (fun () -> D4rlCache.Import(file, folder) |> ignore)
        )

        File.WriteAllBytes(Path.Combine(folder, "hopper-medium-v2.hdf5"), bytes)
        let path = D4rlCache.Import(file, folder)
        Assert.Equal<byte[]>(bytes, File.ReadAllBytes path)
        File.WriteAllBytes(Path.Combine(folder, "hopper_medium-v2.hdf5"), bytes[..1000])
        Assert.Contains("truncated", message (fun () -> D4rlCache.Import(file, folder) |> ignore))
        Assert.Equal<byte[]>(bytes, File.ReadAllBytes path)
        Assert.Equal<string list>([ "hopper_medium-v2.hdf5" ], inCache cache))
