namespace Iql.Scripts

open System
open System.IO
open System.Text.Json
open Iql.Data
open Iql.Training

/// A sweep's folder: sweep.json, and a run folder for each cell under runs/.
[<RequireQualifiedAccess>]
module Store =

    /// The plan file.
    let planPath (folder: string) : string = Path.Combine(folder, "sweep.json")

    /// The folder of one run.
    let runFolder (folder: string) (cell: SweepCell) : RunFolder =
        RunFolder(Path.Combine(folder, "runs", cell.Name))

    let private json (element: JsonElement) : Json =
        match Json.parse (element.GetRawText()) with
        | Ok json -> json
        | Error problem -> raise (InvalidDataException problem)

    /// What stands in a run's config.json. The problem is the trial's own: `Problem.forTrial`.
    let config (problem: Problem) (trial: Trial) : RunConfig =
        let entry = Trial.entry trial

        let fields =
            Json.fields (json (entry.Written(Trial.configured problem.Transitions.ActionSpace trial)))
            @ entry.Extra trial.Algorithm

        RunConfig(
            Algorithm = entry.RunName trial.Algorithm,
            Task =
                (match problem.Task with
                 | Some card -> card.Name
                 | None -> null),
            Dataset = problem.Dataset,
            Seed = uint64 trial.Seed,
            Steps = int64 trial.Steps,
            BatchSize = entry.BatchSize trial.Algorithm,
            EvaluateEvery = int64 trial.EvaluateEvery,
            EvaluationEpisodes = (if problem.Task.IsSome then trial.Episodes else 0),
            LogEvery = int64 (max 1 (trial.Steps / 100)),
            CheckpointEvery = int64 trial.EvaluateEvery,
            Hyperparameters = JsonElement.Parse(Json.write (Json.Object fields)),
            Normalization = problem.Normalization
        )

    let private plan
        (command: string option)
        (prepared: Trial -> Problem)
        (sweep: Sweep)
        (cells: SweepCell list)
        (split: Split)
        : Json =
        let value (label: string) =
            match Read.numberWhere "a number" (fun _ -> true) label with
            | Ok number when Json.numberText number = label -> Json.Number number
            | _ -> Json.Text label

        Json.Object [
            "format", Json.Text "iql-sweep-1"
            "name", Json.Text sweep.Name
            "axes",
            Json.List [
                for axis in sweep.Axes ->
                    Json.Object [
                        "name", Json.Text axis.Name
                        "values", Json.List [ for label, _ in axis.Values -> value label ]
                    ]
            ]
            "base", json (RunJson.Element(config (prepared sweep.Base) sweep.Base))
            "runs", Json.ofTexts [ for cell in cells -> cell.Name ]
            "split", Split.toJson split
            "command", command |> Option.map Json.Text |> Option.defaultValue Json.Null
        ]

    let private refuse (folder: string) (difference: string) : 'nothing =
        raise (
            Refusal
                $"{folder}: expected an empty folder or one of this sweep, got another sweep ({difference}). Choose another folder, or delete this one."
        )

    /// What keeps one sweep from going on in the folder of another, in words. More values on an axis do not.
    let private difference (there: Json) (here: Json) : string option =
        let names json =
            Json.field "runs" json |> Json.items |> List.choose Json.asText

        let baseOf json : RunConfig =
            JsonSerializer.Deserialize(Json.write (Json.field "base" json), RunJson.Options)

        match (baseOf there).FirstDifference(baseOf here) with
        | null ->
            names there
            |> List.tryFind (fun run -> not (List.contains run (names here)))
            |> Option.map (fun run -> $"it has the run {run}, which was not asked for now")
        | difference -> Some $"there, asked for: {difference}"

    /// The plan of a sweep, once its folder was found to be empty, or to hold this sweep already, perhaps with fewer values on its axes.
    /// A folder of anything else is refused, and nothing is written. `prepared` is the problem as a trial sees it.
    let checkSweep
        (folder: string)
        (command: string option)
        (prepared: Trial -> Problem)
        (sweep: Sweep)
        (cells: SweepCell list)
        (split: Split)
        : Json =
        let here = plan command prepared sweep cells split
        // What a trial asks in vain of the data is said before there is a folder.
        let wanted = [ for cell in cells -> cell, config (prepared cell.Trial) cell.Trial ]
        let path = planPath folder

        if File.Exists path then
            match Json.readFile path with
            | Error problem -> raise (InvalidDataException problem)
            | Ok there -> difference there here |> Option.iter (refuse folder)
        elif
            Directory.Exists folder
            && not (Seq.isEmpty (Directory.EnumerateFileSystemEntries folder))
        then
            raise (
                Refusal
                    $"{folder}: expected an empty folder or one of this sweep, got one with other files in it. Choose another folder."
            )

        for cell, config in wanted do
            let run = runFolder folder cell

            if run.State <> RunFolderState.Absent then
                match run.ReadConfig().FirstDifference config with
                | null -> ()
                | difference -> refuse folder $"{cell.Name} there, asked for: {difference}"

        here

    /// Writes a plan file into a folder that is made if need be; an existing one is replaced in one move.
    let writePlan (path: string) (plan: Json) : unit =
        try
            AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, Json.write plan + "\n")))
        with
        | :? IOException
        | :? UnauthorizedAccessException as error ->
            raise (Refusal $"{Path.GetDirectoryName path}: expected a folder that can be written to: {error.Message}")

    /// Makes the folder of a sweep, or finds that it holds this one already; see `checkSweep`.
    let openSweep
        (folder: string)
        (command: string option)
        (prepared: Trial -> Problem)
        (sweep: Sweep)
        (cells: SweepCell list)
        (split: Split)
        : unit =
        checkSweep folder command prepared sweep cells split
        |> writePlan (planPath folder)
