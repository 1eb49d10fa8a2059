namespace Iql.Cli

open Iql.Scripts

open Iql

/// `iql play`
[<RequireQualifiedAccess>]
module Play =

    type private Request = { Task: string; Policy: string; Mean: bool; Seed: int; Output: string option }

    let private run (request: Request) : int =
        let card = TaskName.installed request.Task |> Command.orRefuse

        let path = Files.writable "--output" (Option.defaultValue $"play-{card.Name}.html" request.Output)

        let seed = Seed(uint64 request.Seed)

        let one (word: string) = result {
            let! path, why = Player.best card word
            why |> Option.iter (printfn "%s")
            let! policies = Player.find card request.Mean path
            return policies.Head
        }

        let scene =
            match request.Policy with
            | "expert" when isNull card.Expert ->
                Error
                    $"--policy: expected random, a run's folder or a policy file, got expert: {card.Name} has no \
                      controller."
            | "expert" -> Episode.ofExpert card seed
            | word -> one word |> Result.bind (Episode.ofPolicy card seed)
            |> Command.orRefuse

        ScenePage.write path scene
        printfn "%s: %s, return %.1f" scene.Title scene.End (List.last scene.Moments).Return
        Shell.wrote path

    let command: Command =
        Command.create
            "play"
            "Play one episode of a task and write an animated page"
            "The page is one HTML file that opens without a network. It shows planar robots from the side, and the \
             ant and mazes from above with their way. It has a slider and the return over time. For a trained run it \
             also shows values: over time, and in mazes for each place."
            [ Parameter.task (fun task (request: Request) -> { request with Task = task }) ]
            [
                Parameter.text
                    "--policy random|expert|FOLDER|FILE.json"
                    "The policy: random, expert (the task's controller), the folder of a run or a sweep, or a policy \
                     file. Of a sweep, its best run plays. In antmaze-*, a policy file is a walker that follows \
                     directions to the goal"
                    (fun policy request -> { request with Policy = policy })
                |> Parameter.showing "random"
                Parameter.switch
                    "--mean"
                    "A policy file acts with its mean instead of a sample; trained runs always use the mean"
                    (fun request -> { request with Mean = true })
                Parameter.value "--seed SEED" "Seed of the episode" (Read.whole 0) (fun seed (request: Request) -> {
                    request with
                        Seed = seed
                })
                |> Parameter.showing "0"
                Parameter.output "The page" (fun file (request: Request) -> { request with Output = Some file })
                |> Parameter.showing "play-TASK.html"
            ]
            [
                "iql play pointmaze-large-v0 --policy expert", "the controller in the large maze"
                "iql play hopper-medium-v2 --policy runs/train-hopper-medium-v2", "a trained policy"
            ]
            { Task = ""; Policy = "random"; Mean = false; Seed = 0; Output = None }
            run
