namespace Iql.Scripts

open System

/// Steps that a group of runs still makes, and how fast.
type GroupLeft = {
    /// Groups of one kind are about equally fast: the algorithm and the data.
    Kind: string * string
    /// Steps of the whole group, each of all its runs.
    Steps: int64
    /// Steps a second between two reports, with evaluations; None before the second report.
    Pace: float option
    /// Steps a second of the first report, with compilation; None before that report.
    Guess: float option
}

/// The time to the end of a sweep.
[<RequireQualifiedAccess>]
module TimeLeft =

    /// The time that groups need, so many at once, and whether each has a measured pace: its own, or one of its kind.
    /// Without one, a pace of its algorithm is taken, then a first report, then the mean of all. None without any pace.
    let estimate
        (lanes: int)
        (paces: ((string * string) * float) list)
        (groups: GroupLeft list)
        : (TimeSpan * bool) option =
        let mean chosen paces =
            match paces |> List.filter (fst >> chosen) |> List.map snd with
            | [] -> None
            | paces -> Some(float paces.Length / List.sumBy (fun pace -> 1.0 / pace) paces)

        let guesses = [
            for group in groups do
                for guess in Option.toList group.Guess -> group.Kind, guess
        ]

        let needs (group: GroupLeft) =
            let sameAlgorithm (algorithm, _) = algorithm = fst group.Kind
            let own = group.Pace |> Option.orElseWith (fun () -> mean ((=) group.Kind) paces)

            own
            |> Option.orElseWith (fun () -> mean sameAlgorithm paces)
            |> Option.orElse group.Guess
            |> Option.orElseWith (fun () -> mean sameAlgorithm guesses)
            |> Option.orElseWith (fun () -> mean (fun _ -> true) (paces @ guesses))
            |> Option.map (fun pace -> float group.Steps / pace, own.IsSome)

        match groups |> List.filter (fun group -> group.Steps > 0L) |> List.map needs with
        | needed when List.contains None needed -> None
        | needed ->
            let seconds = [ for each in needed -> fst each.Value ]
            let longest = List.fold max 0.0 seconds
            let time = max longest (List.sum seconds / float (max 1 lanes))
            Some(TimeSpan.FromSeconds time, needed |> List.forall (fun each -> snd each.Value))
