namespace Iql.Cli

open System.IO
open Iql.Algorithms
open Iql.Data
open Iql.Scripts

/// `iql explain`
[<RequireQualifiedAccess>]
module ExplainCommand =

    type private Request = {
        What: string
        /// A name of `--algorithm`; None: implicit Q-learning with the sizes below.
        Algorithm: string option
        Observations: int
        Actions: int
        Batch: int
        Hidden: int list
        Policies: int
        All: bool
        Dot: string option
    }

    let private standard: Request = {
        What = ""
        Algorithm = None
        Observations = 11
        Actions = 3
        Batch = 256
        Hidden = [ 256; 256 ]
        Policies = 1
        All = false
        Dot = None
    }

    /// The task whose presets `--algorithm` takes.
    let private task = "hopper-medium-v2"

    let private subjects = [ for name, _ in Explain.losses -> name ] @ [ "step" ]

    let private step (request: Request) : Explanation =
        let config = ImplicitQLearningConfig(HiddenSizes = Widths request.Hidden, BatchSize = request.Batch)

        let hidden = request.Hidden |> List.map string<int> |> String.concat "x"

        let policies = if request.Policies = 1 then "1 policy" else $"{request.Policies} policies"

        ImplicitQLearning.Learner(
            config.Varied("inverseTemperature", [ for beta in 1 .. request.Policies -> float beta ]),
            request.Observations,
            request.Actions
        )
        |> Explain.step
            $"one IQL step ({request.Observations} observations, {request.Actions} actions, batch {request.Batch}, \
              {hidden}, {policies})"

    let private explain (request: Request) : Explanation =
        match List.tryFind (fun (name, _) -> name = request.What) Explain.losses, request.Algorithm with
        | Some _, Some _ -> Command.refuse $"--algorithm: needs 'step', got '{request.What}'."
        | Some(_, loss), None -> loss request.Batch
        | None, None -> step request
        | None, Some name ->
            let sizes (request: Request) = request.Batch, request.Hidden, request.Policies

            if sizes request <> sizes standard then
                Command.refuse
                    "--algorithm: uses the batch, widths and policies of its preset. Use --batch, --hidden and \
                         --policies without --algorithm."

            Trial.learner request.Observations (Iql.ActionSpace.Continuous request.Actions) [ Preset.trial name task ]
            |> Command.orRefuse
            |> Explain.step
                $"one step of {name} ({request.Observations} observations, {request.Actions} actions, the preset of \
                  {task})"

    let private run (request: Request) : int =
        let dot = request.Dot |> Option.map (Files.writable "--dot")

        let explanation =
            Attempt.run (fun () -> explain request)
            |> Result.mapError (fun message ->
                let hidden = request.Hidden |> List.map string<int> |> String.concat "x"
                message.Replace("shape: ", $"--batch {request.Batch} --hidden {hidden}: "))
            |> Command.orRefuse

        let most = if request.All then System.Int32.MaxValue else 30
        printfn "The life of %s\n" explanation.Name
        ExplainText.lines most explanation |> Command.print

        for path in Option.toList dot do
            let text = ExplainDot.write explanation
            AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, text)))
            printfn "\n%s" path

        Shell.printed ()

    let private sized heading doc (size: int) set : Parameter<Request> =
        Parameter.value heading doc (Read.whole 1) set |> Parameter.showing (string size)

    let command: Command =
        Command.create
            "explain"
            "Show a loss or a step as graph, schedule, memory, kernels and their time"
            "A loss is shown with its gradient; 'step' is a whole training step. Iql traces it, simplifies it, groups \
             it into kernels and phases, and plans its memory. Then it is measured on one thread with artificial \
             numbers. In \
             F#, Explain.loss does this for your own loss."
            [
                Parameter.value "WHAT" (String.concat ", " subjects) (Read.oneOf subjects) (fun what request -> {
                    request with
                        What = what
                })
            ]
            [
                Parameter.value
                    "--algorithm NAME"
                    $"The algorithm of the step, with its preset of {task}; by default implicit Q-learning with \
                      these sizes"
                    (Read.oneOf [ for each in Algorithm.Named -> each.Name ])
                    (fun name request -> { request with Algorithm = Some name })
                sized "--batch B" "Rows of a batch" standard.Batch (fun size request -> { request with Batch = size })
                sized "--observations S" "Observation size of the step" standard.Observations (fun size request -> {
                    request with
                        Observations = size
                })
                sized "--actions A" "Action size of the step" standard.Actions (fun size request -> {
                    request with
                        Actions = size
                })
                Parameter.value "--hidden SIZES" "Hidden widths of the step" Read.sizes (fun sizes request -> {
                    request with
                        Hidden = sizes
                })
                |> Parameter.showing "256x256"
                sized "--policies N" "Policies of the step, on one value function" standard.Policies (fun n request -> {
                    request with
                        Policies = n
                })
                Parameter.switch "--all" "List all nodes and temporaries, not the first 30" (fun request -> {
                    request with
                        All = true
                })
                Parameter.text "--dot FILE" "Also write the graph for Graphviz: dot -Tsvg FILE" (fun file request -> {
                    request with
                        Dot = Some file
                })
            ]
            [
                "iql explain expectile", "the expectile loss"
                "iql explain step --dot step.dot", "a training step, and its kernels as a graph"
                "iql explain step --algorithm cql", "another algorithm"
            ]
            standard
            run
