module Iql.Scripts.Tests.PublishedTests

open Iql.Environments.Tasks
open Iql.Scripts
open Xunit

let private score (table: string) dataset algorithm =
    Published.tables
    |> List.find (fun each -> each.Name = table)
    |> PublishedTable.find dataset algorithm

[<Fact>]
let ``every printed total is that of its rows`` () =
    for table in Published.tables do
        for total in table.Totals do
            for i, algorithm in List.indexed table.Algorithms do
                match List.item i total.Figures, total.Datasets with
                | Some printed, (_ :: _ as datasets) ->
                    let figures = [
                        for dataset in datasets -> (PublishedTable.find dataset algorithm table).Value.Value
                    ]

                    let own, tolerance =
                        match total.Kind with
                        | PublishedTotalKind.Sum -> List.sum figures, 0.21
                        | PublishedTotalKind.Mean -> List.average figures, 0.011

                    Assert.True(
                        abs (own - printed) <= tolerance,
                        $"{table.Name}, {total.Name}, {algorithm}: rows give {own}, printed is {printed}"
                    )
                | _ -> ()

[<Fact>]
let ``the paper's totals and CORL's means are all there`` () =
    let totals table =
        (Published.tables |> List.find (fun each -> each.Name = table)).Totals
        |> List.map (fun total -> total.Name, total.Datasets.Length)

    Assert.Equal<(string * int) list>(
        [ "locomotion", 9; "antmaze", 6; "kitchen-v0", 0; "adroit-v0", 0 ],
        totals "iql-paper"
    )

    let domains = [ "locomotion", 9; "maze2d", 3; "antmaze", 6; "adroit", 12 ]
    Assert.Equal<(string * int) list>(domains, totals "corl")
    Assert.Equal<(string * int) list>(domains, totals "corl-best")
    Assert.Equal<(string * int) list>([ "antmaze", 6; "adroit", 4 ], totals "corl-online")

[<Fact>]
let ``every row has a score or a dash for every algorithm`` () =
    for table in Published.tables do
        Assert.NotEmpty table.Rows

        for dataset, scores in table.Rows do
            Assert.True((scores.Length = table.Algorithms.Length), $"{table.Name}, {dataset}")

        for total in table.Totals do
            Assert.Equal(table.Algorithms.Length, total.Figures.Length)

[<Fact>]
let ``every dataset is one of D4RL in a version, and every table says where it is from`` () =
    for table in Published.tables do
        Assert.NotEmpty table.Source
        Assert.NotEmpty table.Protocol

        for dataset, _ in table.Rows do
            Assert.NotNull(ReferenceScores.Find dataset)
            Assert.True((DatasetName.read dataset).Version.IsSome, dataset)

[<Fact>]
let ``no domain stands in two versions in one table`` () =
    for table in Published.tables do
        Assert.Equal(Ok(), DatasetName.agree (List.map fst table.Rows))

[<Fact>]
let ``figures read as they are printed`` () =
    Assert.Equal(Some { Value = 66.3; Spread = None }, score "iql-paper" "hopper-medium-v2" "iql")
    Assert.Equal(Some { Value = 77.0; Spread = Some 5.52 }, score "corl" "antmaze-umaze-v2" "iql")
    Assert.Equal(Some { Value = -8.9; Spread = Some 6.11 }, score "corl" "maze2d-umaze-v1" "cql")
    Assert.Equal(None, score "iql-paper" "antmaze-umaze-v2" "iql")
    Assert.Equal(None, score "iql-paper" "hopper-medium-v2" "edac")
    let corl = Published.tables |> List.find (fun each -> each.Name = "corl")
    Assert.Equal("77.00", PublishedTable.number corl 77.0)

[<Fact>]
let ``a table that does not hold together is refused with its row`` () =
    let table row =
        PublishedTable.read $"name: mine\ntitle: Mine\nsource: a page\nprotocol: 3 seeds\ndataset  iql  bc\n{row}"

    let refuses row (part: string) =
        match table row with
        | Ok _ -> failwith $"expected a refusal of {row}"
        | Error problem -> Assert.Contains(part, problem)

    refuses "hopper-medium-v2  66.3" "mine, hopper-medium-v2: expected 2 scores"
    refuses "hopper-medium-v2  66.3  5x.0" "got 66.3 5x.0"
    Assert.True((table "hopper-medium-v2  66.3±1.0  –").IsOk)
    Assert.True((PublishedTable.read "dataset  iql\nhopper-medium-v2  66.3").IsError)

[<Fact>]
let ``beside a task stand figures of its very version, of last policies`` () =
    let beside tasks =
        Published.beside tasks [ "iql"; "bc" ] |> List.map _.Name

    Assert.Equal<string list>([ "iql-paper"; "corl" ], beside [ "hopper-medium-v2" ])
    Assert.Equal<string list>([ "corl" ], beside [ "antmaze-umaze-v2" ])
    Assert.Equal<string list>([ "iql-paper" ], beside [ "antmaze-umaze-v0" ])
    Assert.Empty(beside [ "hopper-medium-v0" ])

    for card in Tasks.All do
        if card.Name.StartsWith "pointmaze" then
            Assert.Empty(beside [ card.Name ])

[<Fact>]
let ``a table cut down keeps the totals whose rows stay`` () =
    let antmaze = [
        for dataset, _ in (List.head Published.tables).Rows do
            if dataset.StartsWith "antmaze" then
                dataset
    ]

    let cut = Published.only antmaze [ "iql" ] (List.head Published.tables)
    Assert.Equal(6, cut.Rows.Length)
    Assert.Equal<string list>([ "iql" ], cut.Algorithms)

    Assert.Equal<(string * float option list) list>(
        [ "antmaze", [ Some 378.0 ] ],
        [ for each in cut.Totals -> each.Name, each.Figures ]
    )

    Assert.Empty((Published.only (List.tail antmaze) [] (List.head Published.tables)).Totals)

[<Fact>]
let ``names are read whatever their spelling, and versions of one domain disagree`` () =
    Assert.Equal("hopper-medium-v2", DatasetName.ofPath "data/hopper_medium-v2.hdf5")

    Assert.Equal(
        {
            Whole = "antmaze-umaze-v2"
            Domain = "antmaze"
            Version = Some 2
        },
        DatasetName.read "antmaze-umaze-v2"
    )

    Assert.Equal(None, (DatasetName.read "mine").Version)
    Assert.Equal(Ok(), DatasetName.agree [ "hopper-medium-v2"; "antmaze-umaze-v0"; "mine"; "walker2d-medium-v2" ])

    match DatasetName.agree [ "hopper-medium-v2"; "walker2d-medium-v0" ] with
    | Ok() -> failwith "expected two versions of locomotion to disagree"
    | Error message ->
        Assert.Contains("one version of the locomotion data", message)
        Assert.Contains("walker2d-medium-v0 and hopper-medium-v2", message)

[<Fact>]
let ``data that are not D4RL's own file are told by source, name and size`` () =
    let why source transitions =
        Published.foreignData "hopper-medium-v2" source transitions None

    Assert.Equal(None, why "hopper_medium-v2.hdf5" 998_000L)
    Assert.Contains("collected here", (why "generated" 100_000L).Value)
    Assert.Contains("mine.npz", (why "mine.npz" 998_000L).Value)
    Assert.Contains("about 999", (why "hopper-medium-v2.hdf5" 2_000L).Value)
