namespace Iql.Scripts

open System

/// Steps that a group of runs still makes, and how fast.
type GroupLeft = {
    /// Groups of one kind are about equally fast: the algorithm and the data.
    Kind: string * string
    /// Steps of the whole group, each of all its runs.
    Steps: int64
    /// Steps a second while it trains, with evaluations; None where it does not train or is not measured yet.
    Pace: float option
}

/// The time to the end of a sweep.
[<RequireQualifiedAccess>]
module TimeLeft =

    /// The time that groups need, so many at once, and whether it is sure: whether a pace of each group's own kind is
    /// known. Otherwise a pace of the same algorithm stands in, or the mean of all. None without any pace.
    let estimate
        (lanes: int)
        (paces: ((string * string) * float) list)
        (groups: GroupLeft list)
        : (TimeSpan * bool) option =
        let mean chosen =
            match paces |> List.filter (fst >> chosen) |> List.map snd with
            | [] -> None
            | paces -> Some(float paces.Length / List.sumBy (fun pace -> 1.0 / pace) paces)

        let needs (group: GroupLeft) =
            let own = group.Pace |> Option.orElseWith (fun () -> mean ((=) group.Kind))

            own
            |> Option.orElseWith (fun () -> mean (fun (algorithm, _) -> algorithm = fst group.Kind))
            |> Option.orElseWith (fun () -> mean (fun _ -> true))
            |> Option.map (fun pace -> float group.Steps / pace, own.IsSome)

        match groups |> List.filter (fun group -> group.Steps > 0L) |> List.map needs with
        | needed when List.contains None needed -> None
        | needed ->
            let seconds = [ for each in needed -> fst each.Value ]
            let longest = List.fold max 0.0 seconds
            let time = max longest (List.sum seconds / float (max 1 lanes))
            Some(TimeSpan.FromSeconds time, needed |> List.forall (fun each -> snd each.Value))
