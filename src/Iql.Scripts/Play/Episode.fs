namespace Iql.Scripts

open System
open System.Collections.Immutable
open Iql
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Tasks
open Iql.Environments.Mujoco

/// Episodes of those who can act, as scenes.
[<RequireQualifiedAccess>]
module Episode =

    /// That of the task's own controller, aimed at the goal.
    let ofExpert (card: TaskCard) (seed: Seed) : Result<Scene, string> =
        match card.Expert with
        | null -> Error $"{card.Name} has no controller."
        | make ->
            let expert = make.Invoke((seed.Split "controller").Split "waypoints")

            Scene.play card card.Environment seed "the task's own controller" None (fun state _ _ action ->
                expert.Invoke(ReadOnlySpan state, action.AsSpan()))

    let private acting (policy: IRolloutPolicy) (seed: Seed) =
        let act = policy.Begin seed
        let episodes = [| 0 |]

        fun (_: float[]) (observation: float32[]) (reward: float32) (action: float32[]) ->
            act.Invoke(ReadOnlySpan episodes, ReadOnlySpan observation, ReadOnlySpan [| reward |], action.AsSpan())

    let private random (environment: IEnvironment) (seed: Seed) =
        let policy = ReferenceMeasurement.RandomPolicy(environment.ActionSpace, seed)

        fun (_: float[]) (observation: float32[]) (_: float32) (action: float32[]) ->
            policy.Invoke(ReadOnlySpan observation, 1, action.AsSpan())

    /// A walker's, who is steered to the goal.
    let private steered (card: TaskCard) (maze: AntMaze) (seed: Seed) (walker: Player) =
        let wandering = maze.Wandering(ImmutableArray<int>.Empty, ImmutableArray.Create maze.Maze.Goal)

        let environment =
            MujocoEnvironment(card.Name, MujocoWorld(wandering, card.Name), card.Environment.TimeLimit)

        use navigator = new AntMazeNavigator(walker.Make.Invoke 1, wandering)

        acting navigator (seed.Split "policy")
        |> Scene.play card environment seed $"{walker.Description}, following directions through the maze" None

    /// A policy's episode from a seed.
    let ofPolicy (card: TaskCard) (seed: Seed) (policy: Player) : Result<Scene, string> =
        match policy.Make, card.AntMaze with
        | null, _ ->
            random card.Environment (seed.Split "actions")
            |> Scene.play card card.Environment seed policy.Description None
        | _, maze when policy.Walks -> steered card maze seed policy
        | make, _ ->
            use actor = make.Invoke 1

            acting actor (seed.Split "policy")
            |> Scene.play card card.Environment seed policy.Description policy.Values

    /// The episode that a run's evaluations start with, as its policy plays it now.
    let evaluated (card: TaskCard) (trained: Policy) : Result<Scene, string> =
        let seed = trained.State.Seed.Split "evaluation"
        use policy = trained.Acting 1

        acting policy seed |> Scene.play card card.Environment (seed.Split 0UL) "" (Policy.values trained)
