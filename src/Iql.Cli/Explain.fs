namespace Iql.Cli

open Iql.Scripts

open System.IO
open Iql.Algorithms

/// `iql explain`
[<RequireQualifiedAccess>]
module ExplainCommand =

    type private Asked = {
        What: string
        /// What `--algorithm` calls it; None: implicit Q-learning of the case's sizes.
        Algorithm: string option
        Case: BenchCase
        Policies: int
        All: bool
        Html: string option
    }

    let private subjects = [ for name, _ in Explain.losses -> name ] @ [ "step" ]

    let private explain (asked: Asked) : Explanation =
        let case = asked.Case

        match List.tryFind (fun (name, _) -> name = asked.What) Explain.losses, asked.Algorithm with
        | Some _, Some _ -> raise (Refusal $"--algorithm: goes with 'step', got '{asked.What}'.")
        | Some(_, loss), None -> loss case.Batch
        | None, Some name ->
            let standard = BenchCase.standard

            if
                case.Batch <> standard.Batch
                || case.Hidden <> standard.Hidden
                || asked.Policies > 1
            then
                raise (
                    Refusal
                        "--algorithm: takes batch, widths and policies of its preset; --batch, --hidden and --policies are for a step of iql without it."
                )

            BenchAlgorithms.learner name case.Observations case.Actions
            |> Explain.step
                $"one step of {name} ({case.Observations} observations, {case.Actions} actions, the preset of {BenchAlgorithms.task})"
        | None, None ->
            let betas = [ for i in 1 .. asked.Policies -> float i ]
            let hidden = asked.Case.Hidden |> List.map string<int> |> String.concat "x"

            let policies =
                if asked.Policies = 1 then
                    ""
                else
                    $", {asked.Policies} policies"

            BenchCase.learner {
                asked.Case with
                    InverseTemperatures = betas
            }
            |> Explain.step
                $"one IQL step ({asked.Case.Observations} observations, {asked.Case.Actions} actions, batch {asked.Case.Batch}, {hidden}{policies})"

    let private run (asked: Asked) : int =
        let html = asked.Html |> Option.map (Files.writable "--html")
        let explanation = explain asked
        let most = if asked.All then System.Int32.MaxValue else 30
        printfn "The life of %s\n" explanation.Name
        ExplainText.lines most explanation |> List.iter (printfn "%s")

        match html with
        | Some path ->
            ExplainPage.save path explanation
            printfn "\n%s" path
        | None -> ()

        Shell.success

    let private sized name hint doc shown set : Parameter<Asked> =
        Parameter.value name hint doc (Read.whole 1) (fun size (asked: Asked) -> {
            asked with
                Case = set size asked.Case
        })
        |> Parameter.showing shown

    let command: Command =
        Command.create
            "explain"
            "Show the life of an expression: graph, schedule, memory, kernels and their time"
            "A loss is explained with its gradient, 'step' is a whole training step. It is traced, simplified, put into kernels and phases, given memory, and timed on one thread with made-up numbers. In F#, Explain.loss does the same for a loss of your own."
            [
                Parameter.value
                    "WHAT"
                    ""
                    (String.concat ", " subjects)
                    (Read.oneOf subjects)
                    (fun what (asked: Asked) -> { asked with What = what })
            ]
            [
                Parameter.value
                    "--algorithm"
                    "NAME"
                    $"Whose step, with its preset of {BenchAlgorithms.task}; without it, implicit Q-learning of these sizes"
                    (Read.oneOf Algorithm.names)
                    (fun name (asked: Asked) -> { asked with Algorithm = Some name })
                sized "--batch" "B" "Rows of a batch" "256" (fun size case -> { case with Batch = size })
                sized "--observations" "S" "Size of an observation, of a step" "11" (fun size case -> {
                    case with
                        Observations = size
                })
                sized "--actions" "A" "Size of an action, of a step" "3" (fun size case -> { case with Actions = size })
                Parameter.value
                    "--hidden"
                    "SIZES"
                    "Widths of hidden layers, of a step"
                    Read.sizes
                    (fun sizes (asked: Asked) -> {
                        asked with
                            Case = { asked.Case with Hidden = sizes }
                    })
                |> Parameter.showing "256x256"
                Parameter.value
                    "--policies"
                    "N"
                    "Policies on one value function, of a step"
                    (Read.whole 1)
                    (fun count (asked: Asked) -> { asked with Policies = count })
                |> Parameter.showing "1"
                Parameter.switch "--all" "List every node and temporary, not the first 30" (fun (asked: Asked) -> {
                    asked with
                        All = true
                })
                Parameter.value "--html" "FILE" "Also draw it on a page" Read.text (fun file (asked: Asked) -> {
                    asked with
                        Html = Some file
                })
            ]
            [
                "iql explain expectile", "what becomes of the expectile loss"
                "iql explain step --html step.html", "a training step, drawn"
                "iql explain step --algorithm cql", "the same of another algorithm, in words"
            ]
            {
                What = ""
                Algorithm = None
                Case = BenchCase.standard
                Policies = 1
                All = false
                Html = None
            }
            run
