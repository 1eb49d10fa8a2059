namespace Iql.Scripts

open System
open System.IO
open Iql
open Iql.Environments
open Iql.Environments.Mujoco

/// `iql play`
[<RequireQualifiedAccess>]
module Play =

    type private Asked = {
        Task: string
        Policy: string
        Mean: bool
        Seed: int
        Output: string option
    }

    /// The task's own controller, aimed at the goal.
    let private expert (card: TaskCard) (seed: Seed) =
        match card.Expert with
        | null ->
            raise (
                Refusal
                    $"--policy: expected random, a run's folder or a policy file, got expert: {card.Name} has no controller."
            )
        | make ->
            let expert = make.Invoke(seed.Split "waypoints")
            let action: float32[] = Array.zeroCreate card.Environment.ActionSize

            fun (state: float[]) (_: float32[]) (_: float32) ->
                expert.Invoke(ReadOnlySpan state, action.AsSpan())
                Array.copy action

    let private acting (environment: IEnvironment) (policy: IRolloutPolicy) (seed: Seed) =
        let act = policy.Begin seed
        let episodes = [| 0 |]
        let action: float32[] = Array.zeroCreate environment.ActionSize

        fun (_: float[]) (observation: float32[]) (reward: float32) ->
            act.Invoke(ReadOnlySpan episodes, ReadOnlySpan observation, ReadOnlySpan [| reward |], action.AsSpan())

            Array.copy action

    let private random (environment: IEnvironment) (seed: Seed) =
        let policy = ReferenceMeasurement.RandomPolicy(environment.ActionSpace, seed)
        let action: float32[] = Array.zeroCreate environment.ActionSize

        fun (_: float[]) (observation: float32[]) (_: float32) ->
            policy.Invoke(ReadOnlySpan observation, 1, action.AsSpan())
            Array.copy action

    let private run (asked: Asked) : int =
        let card = Problem.task asked.Task

        let path =
            Files.writable "--output" (Option.defaultValue $"play-{card.Name}.html" asked.Output)

        let seed = Seed(uint64 asked.Seed)

        let scene =
            match asked.Policy with
            | "expert" ->
                Scene.play
                    card
                    card.Environment
                    seed
                    "the task's own controller"
                    (expert card (seed.Split "controller"))
            | word ->
                match Acting.find card.Environment asked.Mean word with
                | [ who ] ->
                    match who.Policy, Acting.antMaze card.Environment with
                    | null, _ ->
                        Scene.play card card.Environment seed who.Says (random card.Environment (seed.Split "actions"))
                    | make, Some maze when who.Walks ->
                        let wandering =
                            maze.Wandering(
                                Collections.Immutable.ImmutableArray<int>.Empty,
                                Collections.Immutable.ImmutableArray.Create maze.Maze.Goal
                            )

                        let environment =
                            MujocoEnvironment(card.Name, MujocoWorld(wandering, card.Name), card.Environment.TimeLimit)

                        use navigator = new AntMazeNavigator(make.Invoke 1, wandering)

                        Scene.play
                            card
                            environment
                            seed
                            $"{who.Says}, steered through the maze"
                            (acting environment navigator (seed.Split "policy"))
                    | make, _ ->
                        use policy = make.Invoke 1

                        Scene.play
                            card
                            card.Environment
                            seed
                            who.Says
                            (acting card.Environment policy (seed.Split "policy"))
                | all ->
                    let names = all |> List.map _.Name |> String.concat ", "
                    raise (Refusal $"--policy: expected one policy, got {all.Length}: {names}. Name one of them.")

        ScenePage.write path scene
        printfn "%s: %s, return %.1f" scene.Title scene.End (List.last scene.Moments).Return
        printfn "%s" path
        Shell.success

    let command: Command =
        Command.create
            "play"
            "Play one episode of a task and write it as a page that shows it moving"
            "One HTML file that opens without a network: planar robots from the side, the ant and mazes from above with the way that was taken, a slider, and the return over time."
            [
                Parameter.value "TASK" "" "A task; `iql tasks` lists them" Read.text (fun task (asked: Asked) -> {
                    asked with
                        Task = task
                })
            ]
            [
                Parameter.value
                    "--policy"
                    "random|expert|FOLDER|FILE.json"
                    "Who acts: random actions, the task's own controller, a trained run by its folder, or a policy file (in antmaze-* a walker, steered to the goal)"
                    Read.text
                    (fun policy (asked: Asked) -> { asked with Policy = policy })
                |> Parameter.showing "random"
                Parameter.switch
                    "--mean"
                    "A policy file acts by its mean instead of drawing from its distribution; trained runs always do"
                    (fun (asked: Asked) -> { asked with Mean = true })
                Parameter.value "--seed" "SEED" "Where every draw comes from" (Read.whole 0) (fun seed (asked: Asked) -> {
                    asked with
                        Seed = seed
                })
                |> Parameter.showing "0"
                Parameter.value "--output" "FILE" "Where to" Read.text (fun file (asked: Asked) -> {
                    asked with
                        Output = Some file
                })
                |> Parameter.alias [ "-o"; "--out" ]
                |> Parameter.showing "play-TASK.html"
            ]
            [
                "iql play pointmaze-large-v0 --policy expert", "the controller drives through the large maze"
                "iql play hopper-medium-v2 --policy runs/train-hopper-medium-v2", "what a trained policy does"
            ]
            {
                Task = ""
                Policy = "random"
                Mean = false
                Seed = 0
                Output = None
            }
            run
