module Iql.Scripts.Tests.PublishedTests

open Iql.Environments.Tasks
open Iql.Scripts
open Expecto

let private score (table: string) dataset algorithm =
    Published.tables
    |> List.find (fun each -> each.Name = table)
    |> PublishedTable.find dataset algorithm

[<Tests>]
let tests =
    testList "PublishedTests" [
        testCase "every printed total is that of its rows" (fun () ->
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

                            Expect.isTrue
                                (abs (own - printed) <= tolerance)
                                $"{table.Name}, {total.Name}, {algorithm}: rows give {own}, printed is {printed}"
                        | _ -> ())

        testCase "the paper's totals and CORL's means are all there" (fun () ->
            let totals table =
                (Published.tables |> List.find (fun each -> each.Name = table)).Totals
                |> List.map (fun total -> total.Name, total.Datasets.Length)

            Expect.equal
                (totals "iql-paper")
                [ "locomotion", 9; "antmaze", 6; "kitchen-v0", 0; "adroit-v0", 0 ]
                "totals 'iql-paper'"

            let domains = [ "locomotion", 9; "maze2d", 3; "antmaze", 6; "adroit", 12 ]
            Expect.equal (totals "corl") domains "totals 'corl'"
            Expect.equal (totals "corl-best") domains "totals 'corl-best'"
            Expect.equal (totals "corl-online") [ "antmaze", 6; "adroit", 4 ] "totals 'corl-online'")

        testCase "every row has a score or a dash for every algorithm" (fun () ->
            for table in Published.tables do
                Expect.isNonEmpty table.Rows "rows of table"

                for dataset, scores in table.Rows do
                    Expect.equal scores.Length table.Algorithms.Length $"{table.Name}, {dataset}"

                for total in table.Totals do
                    Expect.equal total.Figures.Length table.Algorithms.Length "length of figures of total")

        testCase "every dataset is one of D4RL in a version, and every table says where it is from" (fun () ->
            for table in Published.tables do
                Expect.isNonEmpty table.Source "source of table"
                Expect.isNonEmpty table.Protocol "protocol of table"

                for dataset, _ in table.Rows do
                    Expect.isNotNull (ReferenceScores.Find dataset) "find of dataset"
                    Expect.isTrue (DatasetName.read dataset).Version.IsSome dataset)

        testCase "a table of scores before fine-tuning has its twin of scores after it" (fun () ->
            let shapes phase = [
                for table in Published.tables do
                    if table.Beside = Some phase then
                        table.Title, table.Algorithms, List.map fst table.Rows
            ]

            let before = shapes PublishedPhase.BeforeOnline
            Expect.equal before (shapes PublishedPhase.AfterOnline) "shapes"
            Expect.hasLength before 2 "tables")

        testCase "no domain stands in two versions in one table" (fun () ->
            for table in Published.tables do
                Expect.equal (DatasetName.agree (List.map fst table.Rows)) (Ok()) "agree")

        testCase "figures read as they are printed" (fun () ->
            Expect.equal
                (score "iql-paper" "hopper-medium-v2" "iql")
                (Some { Value = 66.3; Spread = None })
                "score 'iql-paper'"

            Expect.equal
                (score "corl" "antmaze-umaze-v2" "iql")
                (Some { Value = 77.0; Spread = Some 5.52 })
                "score 'corl'"

            Expect.equal
                (score "corl" "maze2d-umaze-v1" "cql")
                (Some { Value = -8.9; Spread = Some 6.11 })
                "score 'corl'"

            Expect.isNone (score "iql-paper" "antmaze-umaze-v2" "iql") "score 'iql-paper'"
            Expect.isNone (score "iql-paper" "hopper-medium-v2" "edac") "score 'iql-paper'"
            let corl = Published.tables |> List.find (fun each -> each.Name = "corl")
            Expect.equal (PublishedTable.number corl 77.0) "77.00" "number corl 77.0")

        testCase "a table that does not hold together is refused with its row" (fun () ->
            let table row =
                PublishedTable.read
                    $"name: mine\ntitle: Mine\nsource: a page\nprotocol: 3 seeds\ndataset  iql  bc\n{row}"

            let refuses row (part: string) =
                match table row with
                | Ok _ -> failwith $"expected a refusal of {row}"
                | Error problem -> Expect.stringContains problem part "problem"

            refuses "hopper-medium-v2  66.3" "mine, hopper-medium-v2: expected 2 scores"
            refuses "hopper-medium-v2  66.3  5x.0" "got 66.3 5x.0"
            Expect.isTrue (table "hopper-medium-v2  66.3±1.0  –").IsOk "is ok of table 'hopper-medium-v2 66.3±1.0 –'"

            Expect.isTrue
                (PublishedTable.read "dataset  iql\nhopper-medium-v2  66.3").IsError
                "is error of read 'dataset iql hopper-medium-v2 66.3'")

        testCase "beside a task stand figures of its very version, of last policies" (fun () ->
            let beside tasks = Published.beside PublishedPhase.Offline tasks [ "iql"; "bc" ] |> List.map _.Name

            Expect.equal (beside [ "hopper-medium-v2" ]) [ "iql-paper"; "corl" ] "beside"
            Expect.equal (beside [ "antmaze-umaze-v2" ]) [ "corl" ] "beside"
            Expect.equal (beside [ "antmaze-umaze-v0" ]) [ "iql-paper" ] "beside"
            Expect.isEmpty (beside [ "hopper-medium-v0" ]) "beside"

            for card in Tasks.All do
                if card.Name.StartsWith "pointmaze" then
                    Expect.isEmpty (beside [ card.Name ]) "beside")

        testCase "a table cut down keeps the totals whose rows stay" (fun () ->
            let antmaze = [
                for dataset, _ in (List.head Published.tables).Rows do
                    if dataset.StartsWith "antmaze" then
                        dataset
            ]

            let cut = Published.only antmaze [ "iql" ] (List.head Published.tables)
            Expect.hasLength cut.Rows 6 "rows of cut"
            Expect.equal cut.Algorithms [ "iql" ] "algorithms of cut"

            Expect.equal
                [ for each in cut.Totals -> each.Name, each.Figures ]
                [ "antmaze", [ Some 378.0 ] ]
                "name of each, figures of each"

            Expect.isEmpty (Published.only (List.tail antmaze) [] (List.head Published.tables)).Totals "totals of only")

        testCase "names are read whatever their spelling, and versions of one domain disagree" (fun () ->
            Expect.equal
                (DatasetName.ofPath "data/hopper_medium-v2.hdf5")
                "hopper-medium-v2"
                "'data/hopper_medium-v2.hdf5'"

            Expect.equal
                (DatasetName.read "antmaze-umaze-v2")
                { Whole = "antmaze-umaze-v2"; Domain = "antmaze"; Version = Some 2 }
                "read 'antmaze-umaze-v2'"

            Expect.isNone (DatasetName.read "mine").Version "version of read 'mine'"

            Expect.equal
                (DatasetName.agree [ "hopper-medium-v2"; "antmaze-umaze-v0"; "mine"; "walker2d-medium-v2" ])
                (Ok())
                "agree"

            match DatasetName.agree [ "hopper-medium-v2"; "walker2d-medium-v0" ] with
            | Ok() -> failwith "expected two versions of locomotion to disagree"
            | Error message ->
                Expect.stringContains message "one version of the locomotion data" "message"
                Expect.stringContains message "walker2d-medium-v0 and hopper-medium-v2" "message")

        testCase "data that are not D4RL's own file are told by source, name and size" (fun () ->
            let why source transitions = Published.foreignData "hopper-medium-v2" source transitions None

            Expect.isNone (why "hopper_medium-v2.hdf5" 998_000L) "why 'hopper_medium-v2.hdf5'"
            Expect.stringContains (why "generated" 100_000L).Value "collected here" "why 'generated'"
            Expect.stringContains (why "mine.npz" 998_000L).Value "mine.npz" "why 'mine.npz'"
            Expect.stringContains (why "hopper-medium-v2.hdf5" 2_000L).Value "about 999" "why 'hopper-medium-v2.hdf5'")
    ]
