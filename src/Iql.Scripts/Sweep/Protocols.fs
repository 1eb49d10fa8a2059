namespace Iql.Scripts

/// How somebody fine-tunes: two phases, how they act, and what is other than an algorithm's preset.
[<StructuredFormatDisplay("{Line}")>]
type Protocol = {
    /// "iql-corl"
    Name: string
    /// Algorithms and variants that act so where nothing else is asked for.
    Owners: string list
    /// The algorithm, options of the online phase, hyperparameters, and how often and how long runs are evaluated.
    Values: PresetValue list
    /// Values of tasks, those of a domain or with names that begin so; the first that fits counts.
    PerTask: (string * PresetValue list) list
    /// What our code does otherwise than the source.
    Differences: string list
} with

    /// The algorithm or variant that it is of.
    member own.Algorithm: string = own.Values |> List.find (fun value -> value.Name = "algorithm") |> _.Value

    /// One line, as F# Interactive shows it.
    member own.Line: string = $"Protocol {own.Name}: {own.Values.Length} values"

    override own.ToString() = own.Line

/// The protocols. Protocols.txt has the form of a file of presets: "NAME of ALGORITHMS" begins a protocol, "SOURCE: …"
/// are values, "TASKS, SOURCE: …" those of some tasks, "differs: …" is a point in which ours differs.
[<RequireQualifiedAccess>]
module Protocols =

    let private begun (line: string) = {
        Name = line.Split(" of ")[0]
        Owners = line.Split(" of ") |> Seq.skip 1 |> Seq.collect (Presets.split ",") |> List.ofSeq
        Values = []
        PerTask = []
        Differences = []
    }

    let private put (sources: Map<string, string>) (own: Protocol) (line: string) : Protocol =
        let key, text = Presets.keyed line
        let values = Presets.values sources text

        match Presets.split "," key with
        | [ "differs" ] -> { own with Differences = own.Differences @ [ text ] }
        | [ source ] -> { own with Values = own.Values @ values source }
        | parts -> { own with PerTask = own.PerTask @ [ parts.Head, values parts[1] ] }

    /// Every protocol.
    let all: Protocol list =
        let lines =
            Resource.text("Protocols.txt").Split '\n'
            |> Seq.filter (fun line -> line.Trim() <> "")
            |> List.ofSeq

        let sources = Presets.sources lines

        ([], lines)
        ||> List.fold (fun protocols line ->
            match protocols with
            | own :: others when line.StartsWith ' ' -> put sources own line :: others
            | _ -> if line.Contains " = " then protocols else begun line :: protocols)
        |> List.rev
