namespace Iql.Cli

open Iql.Scripts

open Iql
open Iql.Environments.Tasks

/// `iql play`
[<RequireQualifiedAccess>]
module Play =

    type private Request = {
        Task: string option
        Environment: string option
        Policy: string
        Mean: bool
        Seed: int
        Output: string option
    }

    let private told (title: string) (ending: string) (total: float) = $"{title}: {ending}, return {total:F1}"

    let private drawn (path: string) (scene: Scene) : string =
        ScenePage.write path scene
        told scene.Title scene.End (List.last scene.Moments).Return

    /// Writes an episode that has no picture as lines.
    let private lines (card: TaskCard) (seed: Seed) (path: string) (policy: Player) : Result<string, string> =
        let decisions, ending = EpisodeLines.play card seed policy

        Figure.savePanels path (EpisodeLines.charts policy.Columns decisions)
        |> Result.map (fun () ->
            told card.Name $"{ending} after {decisions.Length} decisions" (decisions |> List.sumBy _.Reward))

    let private run (request: Request) : int =
        let card =
            match OwnTask.chosen request.Task request.Environment |> Command.orRefuse with
            | Some card -> card
            | None -> Command.refuse "expected TASK or --environment, got neither."

        let path = Files.writable "--output" (Option.defaultValue $"play-{card.Name}.html" request.Output)

        let seed = Seed(uint64 request.Seed)

        let one (word: string) = result {
            let! path, why = Player.best card word
            why |> Option.iter (printfn "%s")
            let! policies = Player.find card request.Mean path
            return policies.Head
        }

        match request.Policy with
        | "expert" when isNull card.Expert ->
            Error
                $"--policy: expected random, a run's folder or a policy file, got expert: {card.Name} has no \
                  controller."
        | "expert" -> Episode.ofExpert card seed |> Result.map (drawn path)
        | word when Scene.hasPicture card.Environment seed ->
            one word |> Result.bind (Episode.ofPolicy card seed) |> Result.map (drawn path)
        | word -> one word |> Result.bind (lines card seed path)
        |> Command.orRefuse
        |> printfn "%s"

        Shell.wrote path

    let command: Command =
        Command.create
            "play"
            "Play one episode of a task and write an animated page"
            "The page is one HTML file that opens without a network. It shows planar robots from the side, and the \
             ant and mazes from above with their way. It has a slider and the return over time. For a trained run it \
             also shows values: over time, and in mazes for each place. An environment without a picture is shown as \
             lines: observations, actions and the return."
            [
                Parameter.task (fun task (request: Request) -> { request with Task = Some task })
                |> Parameter.showing "that of --environment"
            ]
            [
                Request.environment (fun address (request: Request) -> { request with Environment = Some address })
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
                "iql play --environment tank.py:Tank --policy runs/train-tank", "in a simulator of your own"
            ]
            {
                Task = None
                Environment = None
                Policy = "random"
                Mean = false
                Seed = 0
                Output = None
            }
            run
