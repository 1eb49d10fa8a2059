namespace Iql.Scripts

/// How fast runs that went on online were, in steps a second.
type OnlineRates = {
    /// Updates of the offline phase; None without one.
    Updates: float option
    /// Decisions of acting, updates not counted; None where no episode ended.
    Acting: float option
    /// Updates of the online phase, with the acting between or beside them.
    Together: float
}

/// Rates of the online phase.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module OnlineRates =

    /// The rate over pieces, each with its steps and its own rate; None without any.
    let private over (pieces: (float * float) list) : float option =
        match pieces |> List.filter (fun (steps, rate) -> steps > 0.0 && rate > 0.0) with
        | [] -> None
        | pieces -> Some(List.sumBy fst pieces / List.sumBy (fun (steps, rate) -> steps / rate) pieces)

    /// The rates over all runs that went on online; None without any. Evaluations and files are not counted.
    let ofRuns (runs: Run list) : OnlineRates option =
        let online = runs |> List.filter (Run.online >> Option.isSome)

        let lines = [
            for run in online do
                let steps = [ for line in run.Train -> float line.Step ]

                for before, line in Seq.zip (0.0 :: steps) run.Train ->
                    float line.Step > Run.switch run, (float line.Step - before, line.StepsPerSecond)
        ]

        let phase online = [
            for late, piece in lines do
                if late = online then
                    piece
        ]

        over (phase true)
        |> Option.map (fun together -> {
            Updates = over (phase false)
            Acting =
                over [
                    for run in online do
                        for line in run.Acting -> float line.Length, line.StepsPerSecond
                ]
            Together = together
        })

    let private words (rates: OnlineRates) : string =
        let alone what rate = $"{Shown.number rate} {what} alone"

        [
            rates.Updates |> Option.map (alone "updates")
            rates.Acting |> Option.map (alone "decisions")
            Some $"{Shown.number rates.Together} updates online, with acting"
        ]
        |> List.choose id
        |> String.concat ", "

    /// "Steps a second: 5,030 updates alone, 780,000 decisions alone, 4,870 updates online, with acting.", a sentence
    /// for each algorithm; none of runs that stay offline.
    let describe (runs: Run list) : string list =
        let groups = List.groupBy Run.algorithm runs

        [
            for name, runs in groups do
                let name = if groups.Length = 1 then "" else $", {name}"

                for rates in Option.toList (ofRuns runs) -> $"Steps a second{name}: {words rates}."
        ]
