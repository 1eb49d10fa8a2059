namespace Iql.Scripts

open System
open System.Collections.Immutable
open System.Diagnostics
open Iql.Algorithms
open Iql.Cpu
open Iql.Cpu.Emit
open Iql.Graph
open Iql.Losses

/// A kernel with the microseconds that one run spends in it; None where the graph could not be run on made-up numbers.
type ExplainedKernel = {
    Info: KernelInfo
    Microseconds: float option
}

/// The life of an expression: as it was written, as it is compiled, when its kernels run, and where their numbers lie.
type Explanation = {
    Name: string
    /// Every node as traced, gradients included, sources first.
    Traced: Tensor list
    /// Every node after simplifying, in the form that kernels are made of.
    Simplified: Tensor list
    InstructionSet: InstructionSet
    /// Whether it steps a state where it lies.
    RunsInPlace: bool
    /// In the order in which they run; within a phase no thread waits for another.
    Kernels: ExplainedKernel list
    /// Temporaries.
    Memory: BufferInfo list
    /// Floats that all temporaries share.
    MemoryLength: int
}

/// Explains graphs: `Explain.loss "mine" [ "residual", [ 256 ] ] [ "expectile", 0.7 ] (fun x tau -> …) |> ExplainText.whole`.
[<RequireQualifiedAccess>]
module Explain =

    /// A block of small positive numbers, which may stand under a square root or a logarithm.
    let private madeUp (layout: Layout) : TensorBlock =
        let random = Random 1
        let block = new TensorBlock(layout)
        let storage = block.Storage

        for i in 0 .. storage.Length - 1 do
            storage[i] <- 0.1f * random.NextSingle()

        block

    /// Microseconds of a run in each kernel. A state that was handed over is stepped where it
    /// lies, if it can be; numbers that were made up stay as they are.
    let private time
        (scalars: Map<string, float>)
        (state: TensorBlock list)
        (compiled: CompiledGraph)
        : float list option =
        let graph = compiled.Function

        let inputs = [|
            for i, layout in Seq.indexed graph.Inputs ->
                state |> List.tryItem i |> Option.defaultWith (fun () -> madeUp layout)
        |]

        let outputs = [|
            for output in graph.Outputs ->
                match graph.Inputs.IndexOf output.Layout with
                | input when input >= 0 && input < state.Length && compiled.RunsInPlace -> inputs[input]
                | _ -> new TensorBlock(output.Layout)
        |]

        let values = [|
            for name in graph.Scalars -> scalars |> Map.tryFind name |> Option.defaultValue 0.5
        |]

        let metrics = Array.zeroCreate<float> graph.Metrics.Length

        let run () =
            compiled.Run(ReadOnlySpan inputs, ReadOnlySpan values, ReadOnlySpan outputs, Span metrics)

        /// Runs for some seconds; how many.
        let runs seconds =
            let clock = Stopwatch.StartNew()
            let mutable count = 0

            while clock.Elapsed.TotalSeconds < seconds do
                run ()
                count <- count + 1

            count

        try
            try
                // What is met often is compiled again, better, a moment later.
                runs 0.3 |> ignore
                compiled.IsTimed <- true

                // Many short rounds, the middle one of each kernel: machines are shared.
                let rounds = [
                    for _ in 1..15 ->
                        let before = compiled.KernelSeconds
                        let count = runs 0.01

                        [
                            for a, b in Seq.zip before compiled.KernelSeconds -> (b - a) / float count * 1e6
                        ]
                ]

                Some [ for times in List.transpose rounds -> (List.sort times)[times.Length / 2] ]
            with :? InvalidOperationException ->
                // Indices outside their table, for instance: made-up numbers do not fit every graph.
                None
        finally
            for block in Seq.append inputs outputs |> Seq.distinct do
                block.Dispose()

    let private explain
        (name: string)
        (scalars: (string * float) list)
        (state: TensorBlock list)
        (graph: GraphFunction)
        : Explanation =
        use compiled = CompiledGraph.Compile graph
        let times = time (Map scalars) state compiled

        {
            Name = name
            Traced = List.ofSeq (Order.Of graph.Results)
            Simplified =
                [
                    for kernel in compiled.Kernels do
                        yield! kernel.Nodes
                ]
                |> Order.Of
                |> List.ofSeq
            InstructionSet = compiled.InstructionSet
            RunsInPlace =
                compiled.RunsInPlace
                && graph.Outputs |> Seq.exists (fun output -> graph.Inputs.Contains output.Layout)
            Kernels = [
                for i, kernel in Seq.indexed compiled.Kernels ->
                    {
                        Info = kernel
                        Microseconds = times |> Option.map (List.item i)
                    }
            ]
            Memory = List.ofSeq compiled.Memory
            MemoryLength = compiled.MemoryLength
        }

    /// Explains a traced function. `scalars` are values of its scalar inputs; one that is missing is 0.5. Tensors are made up.
    let of' (name: string) (scalars: (string * float) list) (graph: GraphFunction) : Explanation =
        explain name scalars [] graph

    /// Explains a loss together with its gradient with respect to its first tensor.
    ///
    /// tensors: names and shapes of what it is given, at least one. scalars: names and values of its numbers. trace: from both to a
    /// scalar.
    let loss
        (name: string)
        (tensors: (string * int list) list)
        (scalars: (string * float) list)
        (trace: Tensor list -> Tensor list -> Tensor)
        : Explanation =
        if tensors.IsEmpty then
            invalidArg (nameof tensors) "tensors: expected at least one tensor, got none."

        let layout =
            Layout(
                "data",
                [
                    for name, extents in tensors -> struct (name, Shape.Of(List.toArray extents))
                ]
            )

        let inputs = List.ofSeq (layout.Inputs().Tensors)
        let value = trace inputs [ for name, _ in scalars -> Tensor.Scalar name ]
        let gradient = Gradient.Of(value, [| inputs.Head |])

        let output = Layout("gradient", [ struct (fst tensors.Head, inputs.Head.Shape) ])

        GraphFunction(
            ImmutableArray.Create layout,
            ImmutableArray.CreateRange [ for name, _ in scalars -> name ],
            ImmutableArray.Create(TensorGroup(output, gradient)),
            ImmutableArray.Create(struct ("loss", value))
        )
        |> of' name scalars

    /// The losses that have a name here: what they are called, and what they explain for a batch of some rows.
    let losses: (string * (int -> Explanation)) list = [
        "expectile",
        fun rows ->
            loss "expectile" [ "residual", [ rows ] ] [ "expectile", 0.7 ] (fun tensors scalars ->
                Expectile.Loss(tensors[0], scalars[0]))
        "td",
        fun rows ->
            loss
                "td"
                [
                    "prediction", [ rows ]
                    "rewards", [ rows ]
                    "terminals", [ rows ]
                    "next", [ rows ]
                ]
                [ "discount", 0.99 ]
                (fun tensors scalars ->
                    let target =
                        TemporalDifference.Target(tensors[1], tensors[2], scalars[0], tensors[3])

                    TemporalDifference.Squared(target, tensors[0]))
        "advantage-weighted",
        fun rows ->
            loss
                "advantage-weighted"
                [ "logDensity", [ rows ]; "advantage", [ rows ] ]
                [ "inverseTemperature", 3.0; "maxAdvantageWeight", 100.0 ]
                (fun tensors scalars ->
                    let weight = AdvantageWeighted.Weight(tensors[1], scalars[0], scalars[1])
                    AdvantageWeighted.Likelihood(weight, tensors[0]))
    ]

    /// Explains a learner's whole step, without its metrics, from the state it starts in.
    let step (name: string) (learner: Learner) : Explanation =
        let scalars = [
            for i, scalar in Seq.indexed learner.Step.Scalars ->
                scalar, (if i < 2 then 1.0 else learner.Hyperparameters[i - 2])
        ]

        let state = List.ofSeq (learner.Initialise.Invoke(Iql.Seed 0UL))
        explain name scalars state (learner.Step.WithoutMetrics())
