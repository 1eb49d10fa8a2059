namespace Iql.Web

open System.Collections.Generic
open Iql.Policies

/// The episodes of clients, for a policy that remembers: each by the name that its client chose. The one that rested
/// longest makes room for a new one.
type Episodes(policy: Policy) =
    let most = 64
    let running = Dictionary<string, PolicyEpisode * int64>()
    let mutable calls = 0L

    /// The next decision of an episode; without a reward it begins.
    member _.Act(name: string, observation: float32[], reward: float option) : Result<float32[], string> =
        lock running (fun () ->
            calls <- calls + 1L

            let known =
                match running.TryGetValue name with
                | true, (episode, _) -> Some episode
                | _ -> None

            match known, reward with
            | None, Some _ ->
                Error
                    $"episode: expected one that has begun, got '{name}'. Leave the reward out to begin it; at most \
                      {most} run at a time."
            | Some episode, Some reward ->
                running[name] <- (episode, calls)
                Ok(episode.Act(observation, float32 reward))
            | _, None ->
                let episode = known |> Option.defaultWith (fun () -> policy.Begin())
                episode.Reset()

                if known.IsNone && running.Count = most then
                    let oldest = running |> Seq.minBy (fun each -> snd each.Value)
                    (fst oldest.Value).Dispose()
                    running.Remove oldest.Key |> ignore

                running[name] <- (episode, calls)
                Ok(episode.Act observation))
