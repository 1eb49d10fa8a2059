namespace Iql.Scripts

open System
open Iql.Algorithms
open Iql.Cpu
open Iql.Environments
open Iql.Graph
open Iql.Training
open Iql.Training.Online

/// What a piece of work takes, reckoned.
type Demand = {
    /// Bytes by what they are for, each with what makes them fewer.
    Bytes: (string * float * string) list
    /// Seconds of one core, in the best case.
    Seconds: float
    /// Those of one evaluation, in which nothing is shown.
    Silence: float
    /// Threads that a batch feeds.
    Threads: int
}

/// Reckons the memory and the time of a request before anything is made.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Demand =

    // The best case of one core: floating-point operations and bytes a second.
    let private rate () = 2e11 * float Machine.Here.VectorWidth / 512.0
    let private traffic = 2e10

    /// Seconds of one step of a maze; robots take more.
    let private decision = 2e-7

    /// Bytes that this process may use: those of the machine, or of its container.
    let available () : float = float (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)

    let private size (bytes: float) =
        if Double.IsInfinity bytes then
            "more than 8 GB in one piece"
        elif bytes < 1e9 then
            String.Format(Globalization.CultureInfo.InvariantCulture, "{0:N0} MB", bytes / 1e6)
        else
            String.Format(Globalization.CultureInfo.InvariantCulture, "{0:N1} GB", bytes / 1e9)

    /// Nothing.
    let none: Demand = { Bytes = []; Seconds = 0.0; Silence = 0.0; Threads = 1 }

    /// Both at a time.
    let both (one: Demand) (other: Demand) : Demand = {
        Bytes = one.Bytes @ other.Bytes
        Seconds = one.Seconds + other.Seconds
        Silence = max one.Silence other.Silence
        Threads = max one.Threads other.Threads
    }

    /// All bytes.
    let bytes (demand: Demand) : float = demand.Bytes |> List.sumBy (fun (_, bytes, _) -> bytes)

    /// An Error where a demand is more than the memory: it names the largest part, and what makes it smaller.
    let within (memory: float) (demand: Demand) : Result<unit, string> =
        let all = bytes demand

        if all <= memory then
            Ok()
        else
            let part, most, mend = demand.Bytes |> List.maxBy (fun (_, bytes, _) -> bytes)
            let most = if Double.IsInfinity most then size most else $"{size most} of {size all}"
            Error $"memory: expected a request for at most {size memory}, got {part} of {most}. {mend}."

    /// Rows in memory, as they came and as a learner sees them.
    let rows (count: float) (observations: int) (actions: int) (mend: string) : Demand =
        let bytes = 4.0 * count * float (2 * observations + actions + 3)
        // One column of all rows is one array.
        let most = count * float (max observations actions) > float Array.MaxLength
        { none with Bytes = [ "data", (if most then infinity else 2.0 * bytes), mend ] }

    /// Bytes of a graph's values, if no two shared memory.
    let private values (graph: GraphFunction) : float =
        Order.Of graph.Results |> Seq.sumBy (fun node -> 4.0 * float node.Shape.Count)

    let private temporaries (memory: float) (workers: int) (graph: GraphFunction) : float =
        let most = values graph
        // Most graphs are that small that nothing more need be known.
        if most < min 1e9 (memory / 8.0) then most else CpuDevice.MemoryOf(graph, workers)

    let private seconds (graph: GraphFunction) = KernelInfo.WorkOf graph / rate () + values graph / traffic

    let private blocks (layouts: Layout seq) = layouts |> Seq.sumBy (fun layout -> 4.0 * float layout.Length)

    /// Episodes side by side, without the policy's own values.
    let episodes (environment: IEnvironment) (count: int) (mend: string) : Demand =
        let widest = max environment.StateSize environment.ObservationSize
        let numbers = float count * float (2 * environment.StateSize + widest + environment.ActionSize + 40)
        let fits = float count * float widest <= float Array.MaxLength
        { none with Bytes = [ "episodes", (if fits then 4.0 * numbers else infinity), mend ] }

    let private evaluation memory workers (learner: Learner) (environment: IEnvironment) (count: int) =
        let act = learner.Act.Invoke count
        let own = Seq.append (Seq.skip 2 act.Inputs) [ for output in act.Outputs -> output.Layout ]

        temporaries memory workers act + blocks own + bytes (episodes environment count ""),
        float environment.TimeLimit * (seconds act + float count * decision)

    /// The buffer of acting's rows, and the time of acting.
    let private acting (learner: Learner) (environment: IEnvironment) (online: FineTuning) : Demand =
        let numbers = 2 * environment.ObservationSize + environment.ActionSize + 4
        let rows = min online.OnlineSteps (online.Capacity.GetValueOrDefault online.OnlineSteps)
        let sampled = online.Acting = ActingChoice.Sampled && not (isNull learner.Explore)
        let act = if sampled then learner.Explore.Invoke 1 else learner.Act.Invoke 1
        let bytes = 4.0 * float rows * float ((numbers + 15) / 16 * 16)

        {
            none with
                Bytes = [ "the rows of acting", bytes, "Choose a smaller --capacity, or fewer --online-steps" ]
                Seconds = float online.OnlineSteps * (seconds act + decision)
        }

    /// What a group of trials takes that is trained by one learner.
    let group
        (memory: float)
        (workers: int)
        (learner: Learner)
        (environment: IEnvironment option)
        (trial: Trial)
        : Demand =
        let step = learner.Step
        let policies = float learner.Members

        let evaluated, evaluating =
            match environment with
            | Some environment when trial.Episodes > 0 -> evaluation memory workers learner environment trial.Episodes
            | _ -> 0.0, 0.0

        let evaluations = float trial.Steps / float (max 1 trial.EvaluateEvery) + 1.0

        let acted =
            match trial.Online, environment with
            | Some online, Some environment -> acting learner environment online
            | _ -> none

        {
            Bytes = [
                yield! acted.Bytes
                "networks", 3.0 * blocks learner.Blocks, "Choose narrower layers, or fewer values of one group"
                "a batch",
                blocks [ learner.Batch ] + temporaries memory workers step,
                "Choose a smaller --batch, or narrower layers"
                "an evaluation", evaluated, "Choose fewer --episodes"
            ]
            Seconds = acted.Seconds + float trial.Steps * seconds step + policies * evaluations * evaluating
            Silence = policies * evaluating
            Threads = TrainingPlan.MostThreads learner
        }

    let private about (seconds: float) : string =
        let shown (number: float) (unit: string) = Plural.count (int (min 2e9 (Math.Ceiling number))) unit

        if seconds < 5400.0 then shown (seconds / 60.0) "minute"
        elif seconds < 129600.0 then shown (seconds / 3600.0) "hour"
        elif seconds < 4e7 then shown (seconds / 86400.0) "day"
        else shown (seconds / 3.15e7) "year"

    /// What a user should hear of the time of groups on some cores before they begin; nothing where it is short, and
    /// where batches feed the threads of a place.
    let remarks (cores: int) (threads: int) (groups: Demand list) : string list = [
        let fed = groups |> List.map _.Threads |> List.fold max 1

        // A core or two more are nothing to hear of.
        if 2 * fed < threads then
            let most = Plural.count fed "thread"
            yield $"a batch feeds {most}, so that a group uses {fed} of {threads}"

        let all = groups |> List.sumBy _.Seconds
        let silence = 0.0 :: List.map _.Silence groups |> List.max

        if all / float cores > 600.0 then
            yield $"all runs take {about (all / float cores)} or more on " + Plural.count cores "core"

        if silence > 60.0 then
            yield $"one evaluation takes {about silence} or more, and shows nothing meanwhile; fewer: --episodes"
    ]
