namespace Iql.Scripts

open System
open Iql
open Iql.Environments
open Iql.Environments.Tasks

/// One moment of an episode.
type Moment = {
    Seconds: float
    Shown: PictureMoment
    /// Undiscounted return so far.
    Return: float
    /// Discounted future rewards, in the units of training: the value of the one who acts, and what then came.
    ToGo: (float * float) option
}

/// An episode as a picture that moves.
type Scene = {
    Title: string
    /// Who acts.
    Description: string
    Picture: Picture
    Moments: Moment list
    /// Values of places, where a maze is played by somebody who has any.
    Values: ValueMap option
    /// Formula of the values: "V(s)".
    Formula: string option
    /// How it ended: "terminal after 312 decisions".
    End: string
    Score: float option
}

/// Playing an episode and looking at it.
[<RequireQualifiedAccess>]
module Scene =

    /// Seconds between two pictures, at least.
    let private apart = 1.0 / 40.0

    /// Adds values and what then came to moments, each with its decision and its observation.
    let private valued values (rewards: float32 list) (terminal: bool) (moments: (Moment * int * float32[]) list) =
        let toGo = ValueFunction.returnsToGo values rewards
        let expected = values.Of [ for _, _, observation in moments -> observation ]

        [
            for (moment, decision, _), value in Seq.zip moments expected ->
                // Nothing comes after a terminal, and nobody was taught its value.
                if terminal && decision = rewards.Length then
                    moment
                else
                    { moment with ToGo = Some(value, toGo[decision]) }
        ]

    /// Whether an environment draws itself.
    let hasPicture (environment: IEnvironment) (seed: Seed) : bool =
        let state: float[] = Array.zeroCreate environment.StateSize
        let observation: float32[] = Array.zeroCreate environment.ObservationSize
        environment.Reset(seed, state, observation)
        not (isNull (environment.Draw(state, observation)))

    /// Plays one episode. `act` is given the state, the observation and the last reward, and writes the action;
    /// `values` are those of the one who acts. Error: the environment has no picture.
    let play
        (card: TaskCard)
        (environment: IEnvironment)
        (seed: Seed)
        (description: string)
        (values: ValueFunction option)
        (act: float[] -> float32[] -> float32 -> float32[] -> unit)
        : Result<Scene, string> =
        let state: float[] = Array.zeroCreate environment.StateSize
        let observation: float32[] = Array.zeroCreate environment.ObservationSize
        let action: float32[] = Array.zeroCreate environment.ActionSize
        environment.Reset(seed, state, observation)

        match environment.Draw(Array.copy state, Array.copy observation) with
        | null -> Error $"{card.Name}: there is no picture of this task."
        | picture ->
            let every = max 1 (int (Math.Ceiling(apart / picture.Seconds - 1e-9)))

            let moment decision total =
                {
                    Seconds = float decision * picture.Seconds
                    Shown = picture.Show.Invoke(Array.copy state)
                    Return = total
                    ToGo = None
                },
                decision,
                Array.copy observation

            let rec go decision total (rewards: float32 list) moments =
                let before = List.tryHead rewards |> Option.defaultValue 0f
                act (Array.copy state) observation before action
                let result = environment.Step(state, ReadOnlySpan action, observation)
                let total = total + float result.Reward
                let rewards = result.Reward :: rewards
                // A walker's maze does not end at its goal by itself.
                let ended = result.Terminal || card.Sparse && result.Reward > 0f
                let stopped = ended || result.Truncated || decision >= environment.TimeLimit

                let moments =
                    if (stopped || decision % every = 0) && not (Double.IsNaN state[0]) then
                        moment decision total :: moments
                    else
                        moments

                if stopped then
                    List.rev moments, List.rev rewards, total, ended
                else
                    go (decision + 1) total rewards moments

            let moments, rewards, total, ended = go 1 0.0 [] [ moment 0 0.0 ]

            let ending =
                match ended, card.Sparse with
                | true, true -> "at the goal"
                | true, false -> "terminal"
                | false, _ -> "time-out"

            Ok {
                Title = card.Name
                Description = description
                Picture = picture
                Moments =
                    match values with
                    | Some values -> valued values rewards ended moments
                    | None -> [ for moment, _, _ in moments -> moment ]
                Values = Option.map2 ValueMap.ofMaze (Option.ofObj picture.Maze) values
                Formula = values |> Option.map _.Formula
                End = $"{ending} after {rewards.Length} decisions"
                Score = Option.ofObj (ReferenceScores.Find card.Name) |> Option.map _.Normalised(total)
            }

    /// The same episode in so many moments at most, its first and its last among them.
    let thinned (most: int) (scene: Scene) : Scene =
        let count = scene.Moments.Length
        let every = (count + most - 3) / (most - 1) |> max 1

        let kept = scene.Moments |> List.indexed |> List.filter (fun (i, _) -> i = count - 1 || i % every = 0)

        { scene with Moments = List.map snd kept }
