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
type ExplainedKernel = { Info: KernelInfo; Microseconds: float option }

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

/// Explains graphs:
/// `Explain.loss "mine" [ "residual", [ 256 ] ] [ "expectile", 0.7 ] (fun x tau -> …) |> ExplainText.whole`.
[<RequireQualifiedAccess>]
module Explain =

    /// A block of small positive numbers, which may stand under a square root or a logarithm.
    let private madeUp (layout: Layout) : TensorBlock =
        let random = Random 1
        let block = new TensorBlock(layout)

        for i in 0 .. layout.Length - 1 do
            block.Storage[i] <- 0.1f * random.NextSingle()

        block

    /// Microseconds of a run in each kernel, on made-up numbers; None where those do not fit the graph.
    /// A state is stepped where it lies, if it can be.
    let private time (scalars: Map<string, float>) (state: TensorBlock list) (compiled: CompiledGraph) =
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

        let values = [| for name in graph.Scalars -> scalars |> Map.tryFind name |> Option.defaultValue 0.5 |]

        let metrics = Array.zeroCreate<float> graph.Metrics.Length

        /// Runs for some seconds; how many.
        let runs (seconds: float) =
            let clock = Stopwatch.StartNew()
            let mutable count = 0

            while clock.Elapsed.TotalSeconds < seconds do
                compiled.Run(ReadOnlySpan inputs, ReadOnlySpan values, ReadOnlySpan outputs, Span metrics)
                count <- count + 1

            float count

        /// Microseconds of one round, kernel by kernel.
        let round () =
            let before = compiled.KernelSeconds
            let count = runs 0.01

            Seq.map2 (fun was now -> (now - was) / count * 1e6) before compiled.KernelSeconds |> List.ofSeq

        try
            try
                // The runtime compiles what runs often again, better, a moment later.
                runs 0.3 |> ignore
                compiled.IsTimed <- true
                // The middle one of many short rounds: machines are shared.
                let rounds = List.init 15 (fun _ -> round ())
                Some [ for times in List.transpose rounds -> (List.sort times)[times.Length / 2] ]
            with :? InvalidOperationException ->
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
                    { Info = kernel; Microseconds = times |> Option.map (List.item i) }
            ]
            Memory = List.ofSeq compiled.Memory
            MemoryLength = compiled.MemoryLength
        }

    /// Explains a traced function. `scalars` are values of its scalar inputs; a missing one is 0.5.
    let of' (name: string) (scalars: (string * float) list) (graph: GraphFunction) : Explanation =
        explain name scalars [] graph

    /// Explains a loss together with its gradient with respect to its first tensor.
    ///
    /// tensors: names and shapes of its tensors, at least one. scalars: names and values of its numbers.
    /// trace: from both to a scalar.
    let loss
        (name: string)
        (tensors: (string * int list) list)
        (scalars: (string * float) list)
        (trace: Tensor list -> Tensor list -> Tensor)
        : Explanation =
        if tensors.IsEmpty then
            raise (Iql.InputException "tensors: expected at least one tensor, got none.")

        let layout =
            Layout("data", [ for name, extents in tensors -> struct (name, Shape.Of(List.toArray extents)) ])

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

    let private named name tensors scalars trace : string * (int -> Explanation) =
        name, (fun rows -> loss name [ for tensor in tensors -> tensor, [ rows ] ] scalars trace)

    /// The losses that have a name here: what they are called, and what they explain for a batch of some rows.
    let losses: (string * (int -> Explanation)) list = [
        named "expectile" [ "residual" ] [ "expectile", 0.7 ] (fun x scalars -> Expectile.Loss(x[0], scalars[0]))
        named "td" [ "prediction"; "rewards"; "terminals"; "next" ] [ "discount", 0.99 ] (fun x scalars ->
            TemporalDifference.Squared(TemporalDifference.Target(x[1], x[2], scalars[0], x[3]), x[0]))
        named
            "advantage-weighted"
            [ "logDensity"; "advantage" ]
            [ "inverseTemperature", 3.0; "maxAdvantageWeight", 100.0 ]
            (fun x scalars ->
                AdvantageWeighted.Likelihood(AdvantageWeighted.Weight(x[1], scalars[0], scalars[1]), x[0]))
    ]

    /// Explains a learner's whole step, without its metrics, from the state it starts in.
    let step (name: string) (learner: Learner) : Explanation =
        let scalars = [
            for i, scalar in Seq.indexed learner.Step.Scalars ->
                scalar, (if i < 2 then 1.0 else learner.Hyperparameters[i - 2])
        ]

        let state = List.ofSeq (learner.Initialise.Invoke(Iql.Seed 0UL))
        explain name scalars state (learner.Step.WithoutMetrics())
