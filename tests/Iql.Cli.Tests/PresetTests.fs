module Iql.Cli.Tests.PresetTests

open Expecto
open Iql
open Iql.Algorithms
open Iql.Scripts
open Iql.Cli.Tests.CommandTests

[<Tests>]
let tests =
    testSequenced
    <| testList "PresetTests" [
        testCase "every preset is of an algorithm, its values can be set, and each has a source" (fun () ->
            let whole =
                Presets.all
                @ [
                    for preset in Presets.all do
                        for task, _ in preset.PerTask -> Preset.ofTask task preset
                ]

            for preset in whole do
                let algorithm = Algorithm.Find preset.Algorithm

                let trial = Preset.apply preset { Trial.standard with Config = algorithm.Standard }

                let discrete =
                    Presets.domains
                    |> List.exists (fun domain -> domain.Name = preset.Domain && domain.Actions = ActionKind.Discrete)

                for value in preset.Values do
                    Expect.notEqual value.Source "" "source of value"
                    Expect.equal (Hyperparameter.show value.Name trial) value.Value "show"
                    Expect.isFalse (discrete && (algorithm.Standard.Find value.Name).ContinuousOnly) value.Name

                Expect.notEqual (snd preset.NormalizeObservations) "" "normalize observations of preset"

            for algorithm in Algorithm.All do
                for domain in Presets.domains do
                    // No presets for actions that the algorithm does not learn.
                    let learns = domain.Actions = ActionKind.Continuous || algorithm.TakesDiscreteActions

                    Expect.equal (Preset.named algorithm.Name domain.Name).IsSome learns "is some of named")

        testCase "presets are chosen by the name of the data" (fun () ->
            let domain name = Preset.domainOf name |> Option.map _.Name

            Expect.equal (domain "hopper-medium-v2") (Some "locomotion") "domain 'hopper-medium-v2'"
            Expect.equal (domain "ant-medium-v2") (Some "locomotion") "domain 'ant-medium-v2'"
            Expect.equal (domain "antmaze-umaze-v0") (Some "antmaze") "domain 'antmaze-umaze-v0'"
            Expect.equal (domain "pen-human-v1") (Some "adroit") "domain 'pen-human-v1'"
            Expect.equal (domain "maze2d-large-v1") (Some "maze2d") "domain 'maze2d-large-v1'"
            Expect.equal (domain "gridmaze-medium-v0") (Some "gridmaze") "domain 'gridmaze-medium-v0'"
            Expect.isNone (domain "pendulum-random") "domain 'pendulum-random'"
            Expect.isNone (domain "cartpole") "domain 'cartpole'")

        testCase "a variant with presets of its own has no others, one without has its algorithm's" (fun () ->
            let source name domain = Preset.named name domain |> Option.map (fun preset -> preset.Algorithm)

            Expect.equal (source "cql" "antmaze") (Some "cql") "source 'cql'"
            Expect.equal (source "cql-authors" "antmaze") (Some "cql-authors") "source 'cql-authors'"
            Expect.isNone (source "cql-authors" "kitchen") "source 'cql-authors'"
            Expect.equal (source "10%bc" "kitchen") (Some "bc") "source '10%bc'"

            for variant in (Algorithm.Find "cql").Variants do
                for preset in Presets.all do
                    // On locomotion a variant's preset is the variant itself.
                    if preset.Algorithm = variant.Name && preset.Domain = "locomotion" then
                        let applied = Preset.apply preset { Trial.standard with Config = variant.Standard }

                        Expect.equal applied.Config variant.Standard "config of applied")

        testCase "a preset has values of its own for a task" (fun () ->
            let asked name = [
                for value in (Preset.forTask "dt" name).Value.Values do
                    if value.Name = "targetReturn" || value.Name = "returnScale" then
                        value.Value
            ]

            Expect.equal (asked "hopper-medium-v2") [ "1000"; "3600" ] "asked 'hopper-medium-v2'"
            Expect.equal (asked "walker2d-medium-v2.hdf5") [ "1000"; "5000" ] "asked 'walker2d-medium-v2.hdf5'"
            Expect.equal (asked "ant-medium-v2") [ "1000" ] "asked 'ant-medium-v2'"
            Expect.equal (asked "pointmaze-umaze-stitch-v0") [ "1"; "1" ] "asked 'pointmaze-umaze-stitch-v0'"
            Expect.equal (asked "pointmaze-umaze-v0") [ "100"; "224" ] "asked 'pointmaze-umaze-v0'")

        testCase "presets are listed with source and differences" (fun () ->
            let output = succeeds "presets"

            for part in
                [
                    "iql on antmaze"
                    "td3bc on antmaze"
                    "onestep on adroit"
                    "bc on kitchen"
                    "cql on antmaze"
                    "10 rewards - 5"
                    "cql-authors on antmaze"
                    "4 (rewards - 1/2)"
                    "cql-young-geng: conservativeWeight 5"
                    "cal-ql on antmaze"
                    "cal-ql-corl on antmaze"
                    "rlpd on antmaze"
                    "from ikostrikov/rlpd @c90fd4b"
                    "from sfujim/TD3_BC @8791ad7"
                    "differs from the paper: rewards - 1 as in CORL"
                    "expectile 0.9, inverseTemperature 10, dropout 0"
                ] do
                Expect.stringContains output part "output")
    ]
