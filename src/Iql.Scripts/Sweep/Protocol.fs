namespace Iql.Scripts

open Iql
open Iql.Algorithms

/// Choosing, applying and describing protocols of fine-tuning.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Protocol =

    /// The protocol of a name; an ArgumentException with the nearest one where there is none.
    let find (name: string) : Protocol =
        match Protocols.all |> List.tryFind (fun protocol -> protocol.Name = name) with
        | Some protocol -> protocol
        | None ->
            let known = [ for protocol in Protocols.all -> protocol.Name ]
            let names, meant = String.concat ", " known, Spelling.didYouMean known name
            raise (InputException $"protocol: expected one of {names}, got {name}.{meant}")

    /// How an algorithm or variant acts where nothing else is asked for.
    let ofAlgorithm (name: string) : Protocol option =
        Protocols.all |> List.tryFind (fun protocol -> List.contains name protocol.Owners)

    /// A protocol with the values that it has for a task or a dataset of a name.
    let ofTask (name: string) (protocol: Protocol) : Protocol =
        let domain = Preset.domainOf name |> Option.map _.Name

        let own =
            protocol.PerTask
            |> List.tryFind (fun (tasks, _) -> domain = Some tasks || name.ToLowerInvariant().StartsWith tasks)
            |> Option.map snd
            |> Option.defaultValue []

        let others =
            protocol.Values
            |> List.filter (fun value -> own |> List.forall (fun each -> each.Name <> value.Name))

        { protocol with Values = others @ own }

    /// What a trial has for a value's name, as the word that is read back; None where its algorithm has no such thing.
    let show (name: string) (trial: Trial) : string option =
        match name, OnlineOption.find name, trial.Online with
        | "algorithm", _, _ -> None
        | "episodes", _, _ -> Some(string<int> trial.Episodes)
        | "evaluateEvery", _, _ -> Some(string<int> trial.EvaluateEvery)
        | "observations", _, _ -> Some(if trial.NormalizeObservations = Some true then "standardised" else "raw")
        | _, Some option, Some online -> Some(OnlineOption.show option online)
        | _ -> Hyperparameter.show name trial |> Some |> Option.filter ((<>) "")

    let private set (value: PresetValue) (trial: Trial) : Trial =
        match value.Name, OnlineOption.find value.Name with
        | "episodes", _ -> { trial with Episodes = int value.Value }
        | "evaluateEvery", _ -> { trial with EvaluateEvery = int value.Value }
        | "observations", _ -> { trial with NormalizeObservations = Some(value.Value = "standardised") }
        | _, Some option -> OnlineOption.set option value.Value trial
        | name, None -> Hyperparameter.set name value.Value trial

    /// The values that a trial takes: hyperparameters are those of the protocol's own algorithm.
    let private fitting (protocol: Protocol) (trial: Trial) : PresetValue list =
        let own = Trial.algorithm trial = Algorithm.Of (Preset.algorithm protocol.Algorithm).Standard

        protocol.Values
        |> List.filter (fun value ->
            match value.Name with
            | "algorithm" -> false
            | "onlineCalibration" -> not (List.contains (show "calibration" trial) [ None; Some "off" ])
            | "batchSize"
            | "episodes"
            | "evaluateEvery" -> true
            | name -> (OnlineOption.find name).IsSome || (own && (show name trial).IsSome))

    /// A trial that goes on online, with the values of a protocol for its task.
    let apply (protocol: Protocol) (trial: Trial) : Trial =
        List.fold (fun trial value -> set value trial) trial (fitting protocol trial)

    /// Whether a value is part of how a trial acts, not of how long and of room.
    let acts (name: string) : bool =
        let others = [ "offlineSteps"; "onlineSteps"; "capacity"; "dataRows"; "actingLag" ]
        (OnlineOption.find name).IsSome && not (List.contains name others)

    /// The part of a protocol that says how a trial acts.
    let acting (protocol: Protocol) : Protocol = {
        protocol with
            Values = protocol.Values |> List.filter (fun value -> value.Name = "algorithm" || acts value.Name)
            Differences = []
    }

    /// A protocol as one line: its source, what options have made other in a trial, where our code differs.
    /// `varied` has the values of axes.
    let describe (varied: (string * string) list) (protocol: Protocol) (trial: Trial) : string =
        let shown (value: PresetValue) =
            varied
            |> List.tryFind (fst >> (=) value.Name)
            |> Option.map snd
            |> Option.orElse (show value.Name trial)
            |> Option.defaultValue ""

        let others = fitting protocol trial |> List.filter (fun value -> shown value <> value.Value)

        [
            $"protocol {protocol.Name}, from {protocol.Values.Head.Source}"
            if not others.IsEmpty then
                "By options: "
                + String.concat ", " [ for value in others -> $"{value.Name} {shown value} instead of {value.Value}" ]
            if not protocol.Differences.IsEmpty then
                "Not as there: " + String.concat "; " protocol.Differences
        ]
        |> String.concat ". "

    /// The protocols side by side, a column each, then their sources and differences.
    let lines (protocols: Protocol list) : string list =
        let values (protocol: Protocol) =
            [ for value in protocol.Values -> value.Name, value.Value ]
            @ [
                for tasks, values in protocol.PerTask do
                    for value in values -> $"{value.Name}, {tasks}", value.Value
            ]

        let names = protocols |> List.collect (values >> List.map fst) |> List.distinct

        [
            yield!
                TextTable.lines [
                    "" :: [ for protocol in protocols -> protocol.Name ]
                    for name in names do
                        name
                        :: [
                            for protocol in protocols ->
                                values protocol
                                |> List.tryFind (fst >> (=) name)
                                |> Option.map snd
                                |> Option.defaultValue ""
                        ]
                ]
                |> List.map _.TrimEnd()

            for protocol in protocols do
                ""
                $"{protocol.Name} from {protocol.Values.Head.Source}"

                if not protocol.Owners.IsEmpty then
                    $"""  the way of {String.concat ", " protocol.Owners} in `iql compare --finetune`"""

                for difference in protocol.Differences do
                    $"  {difference}"
        ]
