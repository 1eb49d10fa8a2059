namespace Iql.Scripts

open System.IO

/// A task of a plan, and the preset that each contender starts from there, in words.
type PlannedTask = {
    Name: string
    Presets: string option list
}

/// What a comparison's folder was made for: its comparison.json.
type ComparisonPlan = {
    Name: string
    Command: string option
    Tasks: PlannedTask list
    Contenders: string list
    Seeds: int list
    Last: int
}

/// Reading and writing plans.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module ComparisonPlan =

    let private format = "iql-comparison-1"

    /// The plan's file in a folder.
    let path (folder: string) : string = Path.Combine(folder, "comparison.json")

    /// The plan in a folder; the error names the file.
    let read (folder: string) : Result<ComparisonPlan, string> =
        let path = path folder

        Json.readFile path
        |> Result.bind (fun json ->
            match Json.text "format" json with
            | Some found when found = format ->
                Ok {
                    Name = Json.text "name" json |> Option.defaultValue "comparison"
                    Command = Json.text "command" json
                    Tasks = [
                        for task in json |> Json.field "tasks" |> Json.items ->
                            {
                                Name = Json.text "name" task |> Option.defaultValue "task"
                                Presets = task |> Json.field "presets" |> Json.items |> List.map Json.asText
                            }
                    ]
                    Contenders = json |> Json.field "algorithms" |> Json.items |> List.choose Json.asText
                    Seeds = json |> Json.numbers "seeds" |> List.map int
                    Last = json |> Json.number "last" |> Option.map int |> Option.defaultValue 1
                }
            | other ->
                let got = other |> Option.defaultValue "none"
                Error $"{path}: expected format \"{format}\", got \"{got}\". Give the folder of a comparison.")

    /// Writes the plan of a folder, which is made if need be.
    let write (folder: string) (plan: ComparisonPlan) : unit =
        let text = Option.map Json.Text >> Option.defaultValue Json.Null

        Json.Object [
            "format", Json.Text format
            "name", Json.Text plan.Name
            "tasks",
            Json.List [
                for task in plan.Tasks ->
                    Json.Object [
                        "name", Json.Text task.Name
                        "presets", Json.List(List.map text task.Presets)
                    ]
            ]
            "algorithms", Json.ofTexts plan.Contenders
            "seeds", Json.ofNumbers (List.map float plan.Seeds)
            "last", Json.Number(float plan.Last)
            "command", text plan.Command
        ]
        |> Store.writePlan (path folder)

    /// Refuses a folder that holds something else, or a comparison with a task that is not asked for now.
    let check (folder: string) (tasks: string list) : unit =
        let refuse difference =
            raise (Refusal $"{folder}: {difference} Choose another folder, or delete this one.")

        if File.Exists(path folder) then
            match read folder with
            | Error problem -> raise (Refusal problem)
            | Ok there ->
                match there.Tasks |> List.tryFind (fun task -> not (List.contains task.Name tasks)) with
                | Some task ->
                    refuse
                        $"expected an empty folder or one of this comparison, got one with the task {task.Name}, which was not asked for now."
                | None -> ()
        elif
            Directory.Exists folder
            && not (Seq.isEmpty (Directory.EnumerateFileSystemEntries folder))
        then
            refuse "expected an empty folder or one of this comparison, got one with other files in it."
