/// Trained policies and servers of them, for tests.
module Iql.Web.Tests.ServedRuns

open System
open System.Collections.Immutable
open System.IO
open System.Net
open System.Net.Http
open System.Text
open System.Text.Json.Nodes
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Policies
open Iql.Scripts
open Iql.Web

let private folder =
    lazy
        (let folder = Directory.CreateTempSubdirectory "iql-served-"
         AppDomain.CurrentDomain.ProcessExit.Add(fun _ -> folder.Delete true)
         folder.FullName)

/// A plant: a level from 0 to 10 m and a flow, answered by two valves from 0 to 100 %.
let private plant: IDataset =
    let rows = 400
    let source = Seed.Named "plant"
    let draw (first: int) (scale: float) (i: int) = float32 (scale * source.Unit(uint64 (1000 * first + i)))

    let observations = Array.init (2 * rows) (fun i -> draw 1 (if i % 2 = 0 then 10.0 else 3.0) i)

    let columns =
        DataColumns(
            ImmutableArray.Create(DataColumn("level", "m", 0.0, 10.0), DataColumn "flow"),
            ImmutableArray.Create(DataColumn("inlet", "%", 0.0, 100.0), DataColumn("outlet", "%", 0.0, 100.0))
        )

    Transitions(
        "plant",
        2,
        2,
        observations,
        Array.init (2 * rows) (draw 2 100.0),
        Array.init rows (draw 3 1.0),
        Array.create rows false,
        Array.init rows (fun row -> row % 20 = 19),
        Array.append observations[2..] [| 0f; 0f |]
    )
        .Naming
        columns

let private choices: IDataset =
    (Iql.Environments.Tasks.Tasks.Get "gridmaze-medium-v0").Dataset.Collect(Seed 1UL, 500)

let private trained (name: string) (algorithm: string) (data: IDataset) (change: Trial -> Trial) : Lazy<string> =
    lazy
        (let trial =
            {
                Trial.standard with
                    Config = (Algorithm.Find algorithm).Standard
                    Data = DataSource.Memory(data, None)
                    Steps = 20
                    EvaluateEvery = 20
            }
            |> change

         let path = Path.Combine(folder.Value, name)

         Launch.run (Launch.into path) { Name = name; Base = trial; Axes = [] }
         |> Result.defaultWith failwith
         |> ignore

         path)

/// Runs of 20 steps: the plant's policy, one of choices, and one that remembers.
let plantRun = trained "plant" "bc" plant id
let choiceRun = trained "choices" "iql" choices id
let rememberingRun = trained "remembering" "dt" plant id

let options: ServerOptions = { Address = IPAddress.Loopback; Port = 0; Rate = 5000; Batch = 10; Body = 100_000L }

/// Serves a run, with a client at its address.
let served (run: Lazy<string>) (options: ServerOptions) (test: Policy -> HttpClient -> unit) : unit =
    use policy = Policy.Load run.Value
    let server = Server(Served.ofPolicy policy, options)

    try
        let url = server.Start().Result
        use client = new HttpClient(BaseAddress = Uri url)
        test policy client
    finally
        (server :> IAsyncDisposable).DisposeAsync().AsTask().Wait()

/// Posts a body to /act: the status and the answer.
let post (client: HttpClient) (body: string) : int * JsonNode =
    use content = new StringContent(body, Encoding.UTF8, "application/json")
    use answer = client.PostAsync("act", content).Result
    int answer.StatusCode, JsonNode.Parse(answer.Content.ReadAsStringAsync().Result)
