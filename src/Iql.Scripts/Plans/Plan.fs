namespace Iql.Scripts

open Iql.Algorithms

/// How the points of a plan are halved.
type Halving = {
    /// The steps of each rung, rising.
    Steps: int list
    /// One point of so many goes on to the next rung.
    Keep: int
}

/// A sweep as data: what stands in plan.json. Words mean what they mean on the command line.
[<StructuredFormatDisplay("{Line}")>]
type Plan = {
    /// The report's title.
    Name: string
    /// What runs learn from, each with the task that scores it.
    Data: DataSource list
    /// Algorithms and variants, each with its preset for the task's name.
    Algorithms: string list
    /// Hyperparameters and their values; every combination is a run.
    Axes: (string * string list) list
    /// Hyperparameters that are varied together, a list of names and values a point; every point is a run.
    Points: (string * string) list list
    Seeds: int list
    /// What holds for all runs: "steps", "evaluateEvery", "episodes", or a hyperparameter.
    Settings: (string * string) list
    /// A run's score is the mean of so many of its last evaluations.
    Last: int
    /// Points are trained for few steps, and the best go on; None: all for the steps of the settings.
    Halving: Halving option
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string =
        let axes = [ for name, values in own.Axes -> $"{values.Length} {name}" ]
        let points = if own.Points.IsEmpty then [] else [ Plural.count own.Points.Length "point" ]

        [ Plural.count own.Data.Length "task"; Plural.count own.Algorithms.Length "algorithm" ]
        @ axes
        @ points
        @ [ Plural.count own.Seeds.Length "seed" ]
        |> String.concat " × "
        |> sprintf "Plan %s: %s" own.Name

    override own.ToString() = own.Line

/// Plans, and the sweeps that they are of.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Plan =

    /// Implicit Q-learning on the standard task, with the settings of `iql compare` and three seeds.
    let standard: Plan = {
        Name = "Sweep"
        Data = [ DataSource.standard ]
        Algorithms = [ "iql" ]
        Axes = []
        Points = []
        Seeds = [ 0..2 ]
        Settings = []
        Last = 1
        Halving = None
    }

    /// What a setting does to a trial. An algorithm that has not this hyperparameter stays as it is.
    let private setting (algorithms: string list) (name: string, word: string) : Result<Trial -> Trial, string> =
        let number least set =
            Read.whole least word
            |> Result.map set
            |> Result.mapError (fun expected -> $"{name}: expected {expected}, got {Plural.short word}.")

        match name with
        | "steps" -> number 1 Trial.withSteps
        | "evaluateEvery" -> number 1 (fun every trial -> { trial with EvaluateEvery = every })
        | "episodes" -> number 0 (fun count trial -> { trial with Episodes = count })
        | _ ->
            Attempt.reading (fun () ->
                let hyperparameter = Hyperparameter.find name
                let value = hyperparameter.Value word
                let has (config: IAlgorithmConfig) = not (isNull (config.Find name))

                if algorithms |> List.exists (fun each -> has (Preset.algorithm each).Standard) then
                    Ok(fun trial -> if has trial.Config then Hyperparameter.set name value trial else trial)
                else
                    let owners = Hyperparameter.owners name |> Plural.either
                    Error $"{name}: belongs to {owners}, got {Plural.listed algorithms}.")

    /// Without an interval of its own, every tenth of a run's steps is evaluated.
    let private settled (trial: Trial) : Trial =
        if trial.EvaluateEvery = 0 then
            { trial with EvaluateEvery = max 1 (trial.Steps / 10) }
        else
            trial

    let private checkHalving (plan: Plan) : Result<unit, string> =
        match plan.Halving with
        | Some halving when
            halving.Steps.Length < 2 || List.pairwise halving.Steps |> List.exists (fun (a, b) -> a >= b)
            ->
            Error "halving: expected the steps of two rungs or more, rising, such as 20k,60k,180k."
        | Some halving when halving.Keep < 2 ->
            Error $"halving: expected one point of at least 2 kept, got {halving.Keep}."
        | Some _ when plan.Algorithms.Length > 1 ->
            Error $"halving: expected one algorithm, got {Plural.listed plan.Algorithms}. Make a plan for each."
        | _ -> Ok()

    let private points (plan: Plan) : Result<Axis list, string> =
        match plan.Points with
        | [] -> Ok []
        | first :: _ ->
            let names = List.map fst first

            match plan.Points |> List.tryFind (fun point -> List.map fst point <> names) with
            | Some other ->
                let got = other |> List.map fst |> Plural.listed
                Error $"points: expected {Plural.listed names} in each, got {got}."
            | None -> Attempt.run (fun () -> [ Axis.together names [ for point in plan.Points -> List.map snd point ] ])

    /// The sweep of a plan: the same runs, to the same bits, as `iql compare` with these options.
    let sweep (plan: Plan) : Result<Sweep, string> = result {
        do! checkHalving plan
        let steps = [ for halving in Option.toList plan.Halving -> "steps", string<int> halving.Steps.Head ]
        let! settings = plan.Settings @ steps |> Attempt.each (setting plan.Algorithms)
        let change trial = (trial, settings) ||> List.fold (fun trial set -> set trial) |> settled
        let! algorithms = Attempt.run (fun () -> Axis.algorithm Ablation.small change plan.Algorithms)
        let! axes = Attempt.run (fun () -> [ for name, values in plan.Axes -> Axis.along name values ])
        let! points = points plan

        let sweep = {
            Name = plan.Name
            Base = Ablation.standard
            Axes = [ Axis.task plan.Data; algorithms ] @ axes @ points @ [ Axis.seed plan.Seeds ]
        }

        do! Attempt.reading (fun () -> Sweep.check sweep)
        return sweep
    }
