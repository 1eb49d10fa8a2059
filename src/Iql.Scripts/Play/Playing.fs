namespace Iql.Scripts

open System
open System.Collections.Immutable
open Iql
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco

/// One episode of somebody who acts, as a scene.
[<RequireQualifiedAccess>]
module Playing =

    /// The task's own controller, aimed at the goal; None where there is none.
    let expert (card: TaskCard) (seed: Seed) : Scene option =
        Option.ofObj card.Expert
        |> Option.map (fun make ->
            let expert = make.Invoke((seed.Split "controller").Split "waypoints")
            let action: float32[] = Array.zeroCreate card.Environment.ActionSize

            Scene.play card card.Environment seed "the task's own controller" None (fun state _ _ ->
                expert.Invoke(ReadOnlySpan state, action.AsSpan())
                Array.copy action))

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

    /// Somebody's episode from a seed.
    let episode (card: TaskCard) (seed: Seed) (who: Acting) : Scene =
        match who.Policy, Acting.antMaze card.Environment with
        | null, _ ->
            random card.Environment (seed.Split "actions")
            |> Scene.play card card.Environment seed who.Says None
        | make, Some maze when who.Walks ->
            let wandering =
                maze.Wandering(ImmutableArray<int>.Empty, ImmutableArray.Create maze.Maze.Goal)

            let environment =
                MujocoEnvironment(card.Name, MujocoWorld(wandering, card.Name), card.Environment.TimeLimit)

            use navigator = new AntMazeNavigator(make.Invoke 1, wandering)

            acting environment navigator (seed.Split "policy")
            |> Scene.play card environment seed $"{who.Says}, steered through the maze" None
        | make, _ ->
            use policy = make.Invoke 1

            acting card.Environment policy (seed.Split "policy")
            |> Scene.play card card.Environment seed who.Says who.Values

    /// The episode that a run's evaluations start with, as its policy plays it now.
    let evaluated (card: TaskCard) (trained: TrainedPolicy) : Scene =
        let seed = trained.State.Seed.Split "evaluation"
        use policy = trained.Act 1

        acting card.Environment policy seed
        |> Scene.play card card.Environment (seed.Split 0UL) "" trained.Values
