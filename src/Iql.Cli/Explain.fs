namespace Iql.Cli

open System.IO
open Iql.Algorithms
open Iql.Data
open Iql.Scripts

/// `iql explain`
[<RequireQualifiedAccess>]
module ExplainCommand =

    type private Asked = {
        What: string
        /// A name of `--algorithm`; None: implicit Q-learning of the sizes below.
        Algorithm: string option
        Observations: int
        Actions: int
        Batch: int
        Hidden: int list
        Policies: int
        All: bool
        Dot: string option
    }

    let private standard: Asked = {
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

    let private step (asked: Asked) : Explanation =
        let config =
            ImplicitQLearningConfig(HiddenSizes = Widths asked.Hidden, BatchSize = asked.Batch)

        let hidden = asked.Hidden |> List.map string<int> |> String.concat "x"

        let policies =
            if asked.Policies = 1 then
                "1 policy"
            else
                $"{asked.Policies} policies"

        ImplicitQLearning.Learner(
            config.Varied("inverseTemperature", [ for beta in 1 .. asked.Policies -> float beta ]),
            asked.Observations,
            asked.Actions
        )
        |> Explain.step
            $"one IQL step ({asked.Observations} observations, {asked.Actions} actions, batch {asked.Batch}, {hidden}, \
              {policies})"

    let private explain (asked: Asked) : Explanation =
        match List.tryFind (fun (name, _) -> name = asked.What) Explain.losses, asked.Algorithm with
        | Some _, Some _ -> raise (Refusal $"--algorithm: needs 'step', got '{asked.What}'.")
        | Some(_, loss), None -> loss asked.Batch
        | None, None -> step asked
        | None, Some name ->
            let sizes (asked: Asked) =
                asked.Batch, asked.Hidden, asked.Policies

            if sizes asked <> sizes standard then
                raise (
                    Refusal
                        "--algorithm: uses the batch, widths and policies of its preset. Use --batch, --hidden and \
                         --policies without --algorithm."
                )

            Trial.learner asked.Observations (Iql.ActionSpace.Continuous asked.Actions) [ Preset.trial name task ]
            |> Explain.step
                $"one step of {name} ({asked.Observations} observations, {asked.Actions} actions, the preset of {task})"

    let private run (asked: Asked) : int =
        let dot = asked.Dot |> Option.map (Files.writable "--dot")
        let explanation = explain asked
        let most = if asked.All then System.Int32.MaxValue else 30
        printfn "The life of %s\n" explanation.Name
        ExplainText.lines most explanation |> Command.print

        for path in Option.toList dot do
            let text = ExplainDot.write explanation
            AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, text)))
            printfn "\n%s" path

        Shell.success

    let private sized heading doc (size: int) set : Parameter<Asked> =
        Parameter.value heading doc (Read.whole 1) set
        |> Parameter.showing (string size)

    let command: Command =
        Command.create
            "explain"
            "Show a loss or a step as graph, schedule, memory, kernels and their time"
            "A loss is shown with its gradient; 'step' is a whole training step. Iql traces it, simplifies it, groups \
             it into kernels and phases, plans its memory, and measures it on one thread with artificial numbers. In \
             F#, Explain.loss does this for your own loss."
            [
                Parameter.value "WHAT" (String.concat ", " subjects) (Read.oneOf subjects) (fun what asked -> {
                    asked with
                        What = what
                })
            ]
            [
                Parameter.value
                    "--algorithm NAME"
                    $"The algorithm of the step, with its preset of {task}; by default implicit Q-learning with \
                      these sizes"
                    (Read.oneOf [ for each in Algorithm.Named -> each.Name ])
                    (fun name asked -> { asked with Algorithm = Some name })
                sized "--batch B" "Rows of a batch" standard.Batch (fun size asked -> { asked with Batch = size })
                sized "--observations S" "Size of an observation in the step" standard.Observations (fun size asked -> {
                    asked with
                        Observations = size
                })
                sized "--actions A" "Size of an action in the step" standard.Actions (fun size asked -> {
                    asked with
                        Actions = size
                })
                Parameter.value "--hidden SIZES" "Widths of hidden layers in the step" Read.sizes (fun sizes asked -> {
                    asked with
                        Hidden = sizes
                })
                |> Parameter.showing "256x256"
                sized "--policies N" "Policies on one value function in the step" standard.Policies (fun count asked -> {
                    asked with
                        Policies = count
                })
                Parameter.switch "--all" "List all nodes and temporaries, not the first 30" (fun asked -> {
                    asked with
                        All = true
                })
                Parameter.text "--dot FILE" "Also write the graph for Graphviz: dot -Tsvg FILE" (fun file asked -> {
                    asked with
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
