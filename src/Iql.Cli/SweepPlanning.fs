namespace Iql.Cli

open Iql.Algorithms
open Iql.Scripts

open System.IO

/// `iql sweep plan`
module SweepPlanning =

    type private Planning = {
        Folder: string
        /// A file with the whole plan.
        From: string option
        /// Data, algorithms, seeds.
        Shared: CompareRequest
        Name: string option
        /// Hyperparameters as words: a value, several between commas, or a range.
        Given: (string * string) list
        Settings: (string * string) list
        /// Points to draw.
        Random: int option
        SearchSeed: int
        /// The steps of rungs, and one of how many points goes on.
        Rungs: int list
        Keep: int
        /// Options given, --from and FOLDER left out.
        Options: string list
    }

    let private empty: Planning = {
        Folder = ""
        From = None
        Shared = { CompareRequest.empty with Algorithms = [] }
        Name = None
        Given = []
        Settings = []
        Random = None
        SearchSeed = 0
        Rungs = []
        Keep = 3
        Options = []
    }

    let private noted (row: Parameter<Planning>) : Parameter<Planning> = {
        row with
            Set = fun word request -> row.Set word { request with Options = row.Name :: request.Options }
    }

    /// The rows of `iql compare` that say what is trained on what.
    let private shared: Parameter<Planning> list =
        let names = [ "--task"; "--data"; "--algorithms"; "--seeds"; "--last"; "--mode"; "--transitions" ]

        CompareRequest.parameters Ablation.standard (fun _ -> "") []
        |> List.filter (fun row -> List.contains row.Name names)
        |> List.map (
            Parameter.within (fun (request: Planning) -> request.Shared) (fun part (request: Planning) -> {
                request with
                    Shared = part
            })
        )
        |> List.map (fun row -> if row.Name = "--algorithms" then Parameter.showing "iql" row else row)

    let private setting (heading: string) (name: string) (shown: string) (doc: string) : Parameter<Planning> =
        Parameter.text heading doc (fun word (request: Planning) -> {
            request with
                Settings = request.Settings @ [ name, word ]
        })
        |> Parameter.showing shown

    let private hyperparameter (hyperparameter: Hyperparameter) : Parameter<Planning> =
        let row =
            Request.several hyperparameter
            |> Parameter.within (fun (_: Planning) -> Request.empty) (fun _ request -> request)

        {
            row with
                Set = fun word request -> Ok { request with Given = request.Given @ [ hyperparameter.Name, word ] }
        }

    let private options: Parameter<Planning> list =
        [
            Parameter.text
                "--from FILE"
                "A plan as JSON, instead of all other options; docs/clusters.md has the format"
                (fun path (request: Planning) -> { request with From = Some path })
        ]
        @ List.map
            noted
            (shared
             @ Parameter.grouped "Training" [
                 setting "--steps N" "steps" (string<int> Ablation.standard.Steps) "Training steps; 20k is 20000"
                 setting
                     "--evaluate-every N"
                     "evaluateEvery"
                     "a tenth of the steps"
                     "Steps between evaluations and checkpoints"
                 setting "--episodes N" "episodes" (string<int> Ablation.standard.Episodes) "Episodes per evaluation"
                 Parameter.text "--name TEXT" "The report's title" (fun name (request: Planning) -> {
                     request with
                         Name = Some name
                 })
             ]
             @ Parameter.grouped "Search" [
                 Parameter.value
                     "--random N"
                     "Draw N points. 0.5..0.95 is a range, 0.0001..0.01:log a range in the logarithm, and a,b,c a \
                      list"
                     (Read.whole 1)
                     (fun count (request: Planning) -> { request with Random = Some count })
                 Parameter.value
                     "--search-seed SEED"
                     "Seed of the random points"
                     (Read.whole 0)
                     (fun seed (request: Planning) -> { request with SearchSeed = seed })
                 |> Parameter.showing "0"
                 Parameter.value
                     "--halving N,..."
                     "Training steps of each rung; the best points of a rung go on to the next"
                     (Read.listOf (Read.whole 1))
                     (fun steps (request: Planning) -> { request with Rungs = steps })
                 Parameter.value
                     "--keep K"
                     "The best of every K points goes on to the next rung"
                     (Read.whole 2)
                     (fun keep (request: Planning) -> { request with Keep = keep })
                 |> Parameter.showing "3"
             ]
             @ List.map hyperparameter Hyperparameter.all)

    let private isVaried (word: string) = word.Contains ',' || word.Contains ".."

    let private planOf (request: Planning) : Plan =
        let varied, fixed' = request.Given |> List.partition (snd >> isVaried)

        let points =
            match request.Random with
            | Some count -> RandomSearch.points count request.SearchSeed varied |> Command.orRefuse
            | None -> []

        let absolute source =
            match source with
            | DataSource.File(path, mode, task) -> DataSource.File(Path.GetFullPath path, mode, task)
            | other -> other

        let algorithms =
            if request.Shared.Algorithms.IsEmpty then
                Plan.standard.Algorithms
            else
                request.Shared.Algorithms

        let data = Compare.sources request.Shared |> List.map absolute
        let about = data |> List.map DataSource.task |> Plural.listed

        {
            Name = request.Name |> Option.defaultValue $"{Plural.listed algorithms} on {about}"
            Data = data
            Algorithms = algorithms
            Axes = [
                if request.Random.IsNone then
                    for name, word in varied -> name, [ for value in word.Split ',' -> value.Trim() ]
            ]
            Points = points
            Seeds = request.Shared.Seeds
            Settings = request.Settings @ fixed'
            Last = request.Shared.Last
            Halving =
                if request.Rungs.IsEmpty then
                    None
                else
                    Some { Steps = request.Rungs; Keep = request.Keep }
        }

    let private run (request: Planning) : int =
        let plan =
            match request.From, request.Options with
            | None, _ -> planOf request
            | Some path, [] -> PlanFile.read path |> Command.orRefuse
            | Some _, other :: _ ->
                Command.refuse $"{other}: expected --from alone, which has the whole plan. Leave it out."

        let options = {
            Launch.into request.Folder with
                Command = Some $"iql sweep run {ShellWord.quoted request.Folder}"
        }

        let examined = Worker.plan options plan |> Command.orRefuse
        let costs = Halving.costs plan |> Command.orRefuse
        let cost = costs.Head

        for rung, cost in List.indexed costs do
            let place = if costs.Length = 1 then "" else $"rung {rung + 1}: "
            printfn "%s%s" place (PlanCost.describe cost)

        examined.Remarks |> List.iter (eprintfn "note: %s")
        let folder = ShellWord.quoted request.Folder
        printfn "Groups 0 to %d; a task of an array takes one: iql sweep run %s" (cost.Groups - 1) folder
        Shell.wrote (PlanFile.pathIn request.Folder)

    let command: Command =
        Command.create
            "sweep plan"
            "Write the plan of a sweep for several machines; nothing is trained"
            "A plan combines all tasks, algorithms, hyperparameter values and seeds. Runs that can share a value \
             function are one group. A process trains one group at a time. The command reads the data once, and \
             refuses a plan that cannot be trained. Later you can write a larger plan to the same folder."
            [
                Parameter.text
                    "FOLDER"
                    "The folder of the sweep, on a file system that all machines share"
                    (fun folder (request: Planning) -> { request with Folder = folder })
            ]
            options
            [
                "iql sweep plan sweeps/hopper --task hopper-medium-v2 --expectiles 0.7,0.9 --seeds 0-9",
                "a grid for a cluster"
                "iql sweep plan sweeps/random --random 30 --expectiles 0.5..0.95 --inverse-temperatures 0.5..20:log",
                "30 points drawn at random"
                "iql sweep plan sweeps/mine --from plan.json", "a plan that you wrote yourself"
            ]
            empty
            run
