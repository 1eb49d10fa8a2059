namespace Iql.Scripts

open Iql.Training.Online

/// What a run that went on online is judged by, each in the unit of its evaluations but the last two.
type OnlineNumbers = {
    /// The last evaluation before the switch; NaN where there is none.
    Before: float
    /// The first evaluation after the switch.
    First: float
    /// The lowest evaluation in the first tenth of the online phase; where that has none, the first.
    Dip: float
    /// The mean over the online phase.
    Mean: float
    /// The mean of its last ten evaluations, or of all when there are fewer.
    LastTen: float
    Last: float
    Best: float
    /// CORL's regret: the share, in [0, 1], of the episodes finished while acting that were no success; None without
    /// such episodes.
    Regret: float option
}

/// Numbers of the online phase.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module OnlineNumbers =

    /// The end of the part of a run's online phase, of so many equal ones, that a decision is in.
    let endOfPart (parts: float) (online: FineTuning) (steps: int64) : float =
        let length = float online.OnlineSteps / parts
        length * ceil (float steps / length)

    /// The numbers of evaluations after the switch, in order, each with the share of the online phase, in [0, 1], that
    /// was behind it; None without any.
    let ofEvaluations (before: float) (regret: float option) (online: (float * float) list) : OnlineNumbers option =
        match List.map snd online with
        | [] -> None
        | first :: _ as values ->
            Some {
                Before = before
                First = first
                Dip =
                    // The first of all counts wherever it is; shares are not exact.
                    (first, online)
                    ||> List.fold (fun least (share, value) -> if share <= 0.1 + 1e-9 then min least value else least)
                Mean = List.average values
                LastTen = values |> List.skip (max 0 (values.Length - 10)) |> List.average
                Last = List.last values
                Best = List.max values
                Regret = regret
            }

    /// The numbers of a finished run; None of others, and of runs that stay offline or have no evaluations.
    let ofRun (measure: Measure) (run: Run) : OnlineNumbers option =
        match Run.online run with
        | Some online when Run.finished run ->
            let before, later = Run.curve measure run |> List.partition (fun (place, _) -> place <= Run.switch run)

            let regret =
                if run.Acting.IsEmpty then
                    None
                else
                    Some(1.0 - (run.Acting |> Seq.averageBy (_.Success >> float)))

            [ for place, value in later -> (place - Run.switch run) / float online.OnlineSteps, value ]
            |> ofEvaluations (before |> List.tryLast |> Option.map snd |> Option.defaultValue nan) regret
        | _ -> None

    /// The numbers of a published run; a row says nothing of where its evaluation was, but `PublishedRun.shares`.
    let ofPublished (run: PublishedRun) : OnlineNumbers option =
        List.zip (PublishedRun.shares run.Online.Length) run.Online
        |> ofEvaluations (List.last run.Offline) (Some run.Regret)
