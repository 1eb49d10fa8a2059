// Data sets like D4RL's, collected on the spot: robots that run, and an ant in mazes. Whoever acts is a policy file of
// somebody's; none come with Iql. Where the policies lie: IQL_POLICIES=FOLDER, or the first argument.
//
//     dotnet fsi scripts/collect.fsx POLICIES                        all of them, some 9 GB
//     dotnet fsi scripts/collect.fsx POLICIES hopper antmaze-umaze   those whose names begin so
//     IQL_SIZE=20000 dotnet fsi scripts/collect.fsx POLICIES         small ones
//
// Files go to IQL_DATA=FOLDER, else to runs/scripts/collect. What is there already is kept, so the same call goes on
// where the last one was stopped. IQL_THREADS=N takes N cores; the data do not depend on it.
#load "prelude.fsx"

open System
open System.IO
open Prelude
open Iql.Environments.Mujoco
open Iql.Scripts

/// A data set: what it is called, the data set of D4RL that it is like, who acts (names of policy files, or "random";
/// several in equal shares), and how many transitions.
type Recipe = { Name: string; Like: string; Policies: string list; Size: int }

/// All training snapshots of a robot, from an untrained policy to the last: a replay buffer is as mixed as they are.
let snapshots (robot: string) : string list = [ for iteration in 0..20..500 -> $"{robot}-gail-trpo-{iteration:D4}" ]

/// Expert: the best policy there is. Medium: one that scores 35 to 60 and draws its actions. Sizes are D4RL's.
let recipes: Recipe list = [
    for robot, medium, expert, replay in
        [
            "halfcheetah", "halfcheetah-ppo", "halfcheetah-tqc", 202_000
            "hopper", "hopper-sac", "hopper-trpo", 402_000
            "walker2d", "walker2d-gail-trpo-0060", "walker2d-cs285", 302_000
            "ant", "ant-gail-trpo-0200", "ant-trpo", 302_000
        ] do
        for level, policies, size in
            [
                "random", [ "random" ], 1_000_000
                "medium", [ medium ], 1_000_000
                "expert", [ expert ], 1_000_000
                "medium-expert", [ medium; expert ], 2_000_000
                "medium-replay", snapshots robot, replay
            ] do
            {
                Name = $"{robot}-iql-{level}"
                Like = $"{robot}-{level}-v2"
                Policies = policies
                Size = size
            }

    // A walker is steered from goal to goal, as D4RL's is; what the task's name says decides where it starts and aims.
    for maze in [ "umaze"; "umaze-diverse"; "medium-play"; "medium-diverse"; "large-play"; "large-diverse" ] do
        {
            Name = $"antmaze-iql-{maze}"
            Like = $"antmaze-{maze}-v2"
            Policies = [ "antmaze-goal-reaching" ]
            Size = 1_000_000
        }
]

// ---- what was asked for ----

let variable (name: string) = Environment.GetEnvironmentVariable name |> Option.ofObj |> Option.filter ((<>) "")

let number (name: string) =
    variable name
    |> Option.map (fun text ->
        match Read.whole 1 text with
        | Ok number -> number
        | Error expected ->
            eprintfn "%s: expected %s, got %s" name expected text
            exit 2)

let policies, wanted =
    match List.ofArray fsi.CommandLineArgs, variable "IQL_POLICIES" with
    | _ :: wanted, Some folder when wanted.IsEmpty || not (Directory.Exists wanted.Head) -> Some folder, wanted
    | _ :: folder :: wanted, _ -> Some folder, wanted
    | _ -> None, []

let data = variable "IQL_DATA" |> Option.defaultWith (fun () -> folder "collect")

let asked = [
    for recipe in recipes do
        if
            wanted.IsEmpty
            || wanted |> List.exists (fun word -> recipe.Name.Replace("-iql", "").StartsWith word)
        then
            if not tiny then
                { recipe with Size = number "IQL_SIZE" |> Option.defaultValue recipe.Size }
            elif recipe.Policies = [ "random" ] then
                { recipe with Size = 400 }
]

// ---- collecting ----

/// Where a policy's file lies; "random" needs none.
let file (policy: string) =
    match policy, policies with
    | "random", _ -> Ok policy
    | _, Some folder when File.Exists(Path.Combine(folder, policy + ".json")) ->
        Ok(Path.Combine(folder, policy + ".json"))
    | _ -> Error policy

let collect (recipe: Recipe) : unit =
    let path = Path.Combine(data, recipe.Name + ".hdf5")
    let found = List.map file recipe.Policies

    let missing = [
        for each in found do
            match each with
            | Error policy -> policy + ".json"
            | Ok _ -> ()
    ]

    if File.Exists path then
        printfn "%s: is there already" recipe.Name
    elif not missing.IsEmpty then
        let place = policies |> Option.defaultValue "no folder"

        printfn
            "%s: skipped: expected %s%s in IQL_POLICIES (%s), found none. Name the folder of your policy files."
            recipe.Name
            missing.Head
            (if missing.Length > 1 then $" and {missing.Length - 1} more" else "")
            place
    else
        let clock = Diagnostics.Stopwatch.StartNew()

        let policies =
            found
            |> List.choose (function
                | Ok file -> Some file
                | Error _ -> None)

        let collected =
            {
                Collection.standard (TaskName.installed recipe.Like |> Result.defaultWith failwith) policies with
                    Size = recipe.Size
                    Threads = number "IQL_THREADS" |> Option.defaultValue 0
            }
            |> Collection.save Collection.quietly path
            |> Result.defaultWith failwith

        let returns = collected.Shares |> List.collect _.Returns

        let outcome =
            if returns.IsEmpty then
                "no episode came to its end"
            else
                let mean = List.average returns

                let score =
                    if collected.Shares |> List.exists _.Score.IsSome then
                        $", score {(Iql.Environments.Tasks.Tasks.Get recipe.Like).Reference.Normalised mean:F1}"
                    else
                        ""

                $"mean return {mean:F1}{score}"

        printfn
            "%s: %d transitions, %d episodes, %s, %.0f s"
            recipe.Name
            collected.Transitions
            collected.Episodes
            outcome
            clock.Elapsed.TotalSeconds

if not MujocoLibrary.IsAvailable then
    printfn "Nothing collected: the machine has no MuJoCo 2.2.2 (apt-get install libmujoco2.2.2)."
elif asked.IsEmpty then
    eprintfn "expected names of data sets, such as hopper or antmaze-umaze, got %s" (String.concat ", " wanted)
    exit 2
else
    // Never a folder of the user's own.
    if tiny && (variable "IQL_DATA").IsNone && Directory.Exists data then
        Directory.Delete(data, true)

    Directory.CreateDirectory data |> ignore
    List.iter collect asked
    printfn "%s" data

    // Each is learned from under the name of what it is like; a comparison shows what others scored there, and says
    // whose data those are.
    match asked |> List.tryFind (fun recipe -> File.Exists(Path.Combine(data, recipe.Name + ".hdf5"))) with
    | Some recipe -> printfn "iql compare --task %s --data %s" recipe.Like (Path.Combine(data, recipe.Name + ".hdf5"))
    | None -> ()
