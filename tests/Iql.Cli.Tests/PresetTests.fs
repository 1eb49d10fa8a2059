[<Xunit.Collection "console">]
module Iql.Cli.Tests.PresetTests

open Xunit
open Iql
open Iql.Algorithms
open Iql.Scripts
open Iql.Cli.Tests.CommandTests

[<Fact>]
let ``every preset is of an algorithm, its values can be set, and each has a source`` () =
    let whole =
        Presets.all
        @ [
            for preset in Presets.all do
                for task, _ in preset.PerTask -> Preset.ofTask task preset
        ]

    for preset in whole do
        let algorithm = Algorithm.Find preset.Algorithm

        let trial =
            Preset.apply preset {
                Trial.standard with
                    Config = algorithm.Standard
            }

        let discrete =
            Presets.domains
            |> List.exists (fun domain -> domain.Name = preset.Domain && domain.Actions = ActionKind.Discrete)

        for value in preset.Values do
            Assert.NotEqual<string>("", value.Source)
            Assert.Equal(value.Value, Hyperparameter.show value.Name trial)
            Assert.False(discrete && (algorithm.Standard.Find value.Name).ContinuousOnly, value.Name)

        Assert.NotEqual<string>("", snd preset.NormalizeObservations)

    for algorithm in Algorithm.All do
        for domain in Presets.domains do
            // No presets for actions that the algorithm does not learn.
            let learns =
                domain.Actions = ActionKind.Continuous || algorithm.TakesDiscreteActions

            Assert.Equal(learns, (Preset.named algorithm.Name domain.Name).IsSome)

[<Fact>]
let ``presets are chosen by the name of the data`` () =
    let domain name =
        Preset.domainOf name |> Option.map _.Name

    Assert.Equal(Some "locomotion", domain "hopper-medium-v2")
    Assert.Equal(Some "locomotion", domain "ant-medium-v2")
    Assert.Equal(Some "antmaze", domain "antmaze-umaze-v0")
    Assert.Equal(Some "adroit", domain "pen-human-v1")
    Assert.Equal(Some "maze2d", domain "maze2d-large-v1")
    Assert.Equal(Some "gridmaze", domain "gridmaze-medium-v0")
    Assert.Equal(None, domain "cartpole")

[<Fact>]
let ``a variant with presets of its own has no others, one without has its algorithm's`` () =
    let source name domain =
        Preset.named name domain |> Option.map (fun preset -> preset.Algorithm)

    Assert.Equal(Some "cql", source "cql" "antmaze")
    Assert.Equal(Some "cql-authors", source "cql-authors" "antmaze")
    Assert.Equal(None, source "cql-authors" "kitchen")
    Assert.Equal(Some "bc", source "10%bc" "kitchen")

    for variant in (Algorithm.Find "cql").Variants do
        for preset in Presets.all do
            // On locomotion a variant's preset is the variant itself.
            if preset.Algorithm = variant.Name && preset.Domain = "locomotion" then
                let applied =
                    Preset.apply preset {
                        Trial.standard with
                            Config = variant.Standard
                    }

                Assert.Equal(variant.Standard, applied.Config)

[<Fact>]
let ``a preset has values of its own for a task`` () =
    let asked name = [
        for value in (Preset.forTask "dt" name).Value.Values do
            if value.Name = "targetReturn" || value.Name = "returnScale" then
                value.Value
    ]

    Assert.Equal<string list>([ "1000"; "3600" ], asked "hopper-medium-v2")
    Assert.Equal<string list>([ "1000"; "5000" ], asked "walker2d-medium-v2.hdf5")
    Assert.Equal<string list>([ "1000" ], asked "ant-medium-v2")
    Assert.Equal<string list>([ "1"; "1" ], asked "pointmaze-umaze-stitch-v0")
    Assert.Equal<string list>([ "100"; "224" ], asked "pointmaze-umaze-v0")

[<Fact>]
let ``presets are listed with source and differences`` () =
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
            "from sfujim/TD3_BC @8791ad7"
            "differs from the paper: rewards - 1 as in CORL"
            "expectile 0.9, inverseTemperature 10, dropout 0"
        ] do
        Assert.Contains(part, output)
