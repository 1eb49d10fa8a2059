namespace Iql.Scripts

open System
open System.IO

/// Successive halving: points are trained for few steps, and the best go on to more. Each rung is a sweep in a folder
/// of its own. It trains its runs anew: a schedule that ends with a run makes other numbers of a longer one.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Halving =

    /// The hyperparameters of a run.
    let private point (labels: (string * string) list) : (string * string) list =
        labels |> List.filter (fun (axis, _) -> not (List.contains axis [ "task"; "algorithm"; "seed" ]))

    /// The plan of the rung after a plan's own, with these points.
    let private above (plan: Plan) (points: (string * string) list list) : Plan option =
        match plan.Halving with
        | None -> None
        | Some halving ->
            let steps = halving.Steps.Tail
            let settings = plan.Settings |> List.filter (fst >> (<>) "steps")
            let plan = { plan with Axes = []; Points = points }

            match steps with
            | [ last ] -> Some { plan with Halving = None; Settings = ("steps", string<int> last) :: settings }
            | steps -> Some { plan with Halving = Some { halving with Steps = steps } }

    let private kept (plan: Plan) (ranked: (string * string) list list) : (string * string) list list =
        match plan.Halving with
        | Some halving -> ranked |> List.truncate (max 1 ((ranked.Length + halving.Keep - 1) / halving.Keep))
        | None -> ranked

    let private points (sweep: Sweep) = Sweep.cells sweep |> List.map (_.Labels >> point) |> List.distinct

    /// What every rung takes, counted before the first; one for a plan without rungs.
    let rec costs (plan: Plan) : Result<PlanCost list, string> =
        Plan.sweep plan
        |> Result.bind (fun sweep ->
            let own = PlanCost.ofSweep sweep

            match points sweep |> kept plan |> above plan with
            | Some next -> costs next |> Result.map (fun others -> own :: others)
            | None -> Ok [ own ])

    /// The mean score of each point over its tasks and seeds, the best first; a run without a score is the worst.
    let private ranked (plan: Plan) (results: SweepResults) : (string * string) list list =
        let measure = Measure.ofRuns results.Runs |> Option.defaultValue Score
        let score run = Run.lastOf plan.Last measure run |> Option.filter (fun _ -> Run.finished run)

        results.Runs
        |> List.groupBy (fun run -> point [ for label in run.Labels -> label.Key, label.Value ])
        |> List.sortBy (fun (_, runs) ->
            -(runs |> List.averageBy (score >> Option.defaultValue Double.NegativeInfinity)))
        |> List.map fst

    /// The plan of the next rung, once every run of this one is there; None after the last.
    let next (plan: Plan) (results: SweepResults) : Plan option = ranked plan results |> kept plan |> above plan

    /// The folder of a rung: the sweep's own is the first.
    let folder (root: string) (rung: int) : string = if rung = 1 then root else Path.Combine(root, $"rung-{rung}")

    /// The last rung of a sweep's folder that is planned.
    let current (root: string) : int =
        Seq.initInfinite ((+) 1)
        |> Seq.find (fun rung -> not (File.Exists(PlanFile.pathIn (folder root (rung + 1)))))
