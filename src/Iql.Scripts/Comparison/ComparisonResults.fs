namespace Iql.Scripts

/// A comparison's folder, read.
type ComparisonResults = {
    Plan: ComparisonPlan
    /// The tasks in the plan's order, each with its runs.
    Tasks: (string * SweepResults) list
    /// How the data of tasks came about, where it is known.
    Origins: Map<string, DataOrigin>
}

/// Reading the folder of a comparison. What can go wrong comes back as an Error that names the file.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module ComparisonResults =

    /// The runs of a task that has not been reached yet.
    let private waiting (plan: ComparisonPlan) (task: string) : SweepResults = {
        Name = $"{plan.Name} {task}"
        Command = plan.Command
        Axes = []
        Runs = []
        Missing = [
            for contender in plan.Contenders do
                for seed in plan.Seeds -> $"algorithm={contender},seed={seed}"
        ]
    }

    /// How the data of a task's runs came about: as the folder keeps it, or as the file says where it still lies.
    let private origin (plan: ComparisonPlan) (home: string) (sweep: SweepResults) : DataOrigin option =
        match DataOrigin.read home, sweep.Runs with
        | Some origin, _ -> Some origin
        | None, run :: _ ->
            let dataset = Json.field "dataset" run.Settings.Whole

            match Json.text "source" dataset, Json.number "transitions" dataset with
            | Some source, Some transitions when source <> "generated" ->
                DataOrigin.search home plan.Command source (int64 transitions)
            | _ -> None
        | None, [] -> None

    /// The comparison in a folder, as far as it is.
    let read (folder: string) : Result<ComparisonResults, string> =
        ComparisonPlan.read folder
        |> Result.bind (fun plan ->
            (Ok [], plan.Tasks)
            ||> List.fold (fun read task ->
                let home = Comparison.folderOf folder task.Name

                let results () =
                    if System.IO.File.Exists(Store.planPath home) then
                        Results.readSweep home
                    else
                        Ok(waiting plan task.Name)

                read
                |> Result.bind (fun read -> results () |> Result.map (fun sweep -> (task.Name, sweep) :: read)))
            |> Result.map (fun tasks -> {
                Plan = plan
                Tasks = List.rev tasks
                Origins =
                    Map [
                        for task, sweep in tasks do
                            for origin in Option.toList (origin plan (Comparison.folderOf folder task) sweep) do
                                task, origin
                    ]
            }))

    /// All runs as those of one sweep, each named with its task.
    let together (results: ComparisonResults) : SweepResults =
        let named task name = $"task={task},{name}"

        {
            Name = results.Plan.Name
            Command = results.Plan.Command
            Axes = []
            Runs = [
                for task, sweep in results.Tasks do
                    for run in sweep.Runs -> { run with Name = named task run.Name }
            ]
            Missing = [
                for task, sweep in results.Tasks do
                    for name in sweep.Missing -> named task name
            ]
        }
