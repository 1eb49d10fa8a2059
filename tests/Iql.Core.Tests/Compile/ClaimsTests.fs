/// What workers take back from each other before they write it: nothing that anybody still wants.
module Iql.Core.Tests.Compile.ClaimsTests

open Iql.Algorithms
open Iql.Compile
open Iql.Kernels
open Xunit

let private learners = [
    ImplicitQLearning.Learner(ImplicitQLearningConfig(), 11, 3, [| 1.0; 3.0; 10.0 |])
    ImplicitQLearning.Learner(ImplicitQLearningConfig().With(hiddenSizes = [ 64; 128; 64 ], batchSize = 1000), 11, 3)
    BehaviourCloning.Learner(BehaviourCloningConfig(), 11, 3)
    TD3BC.Learner(TD3BCConfig(), 11, 3)
]

/// A claim made while a kernel runs, with its first number and the one behind its last.
let private claims (graph: CompiledGraph) worker workers = [
    for kernel, claim in Seq.indexed (graph.Claims.Of(worker, workers)) do
        if claim.Length > 0 then
            kernel, claim.Place, claim.Place.Offset + claim.Length
]

let private overlaps (place: Place, stop: int) (buffer: BufferInfo) =
    place.Base = 0
    && place.Offset < buffer.Offset + buffer.Length
    && buffer.Offset < stop

[<Fact>]
let ``what is claimed holds nothing, and is written by a later kernel`` () =
    for learner in learners do
        use graph = CompiledGraph.Compile learner.Step

        for workers in 2..4 do
            for worker in 0 .. workers - 1 do
                for kernel, place, stop in claims graph worker workers do
                    // Kernel number k is k + 1 where a buffer says who makes and who last reads it.
                    let touched = graph.Memory |> Seq.filter (overlaps (place, stop)) |> Seq.toList

                    let isAlive (buffer: BufferInfo) =
                        buffer.Made <= kernel + 1 && kernel + 1 <= buffer.LastUse

                    Assert.DoesNotContain(touched, (fun buffer -> isAlive buffer))

                    let next =
                        touched
                        |> List.filter (fun buffer -> buffer.Made > kernel + 1)
                        |> List.minBy _.Made

                    Assert.True(next.Offset <= place.Offset && stop <= next.Offset + next.Length)

[<Fact>]
let ``no two workers claim the same, and one alone nothing`` () =
    for learner in learners do
        use graph = CompiledGraph.Compile learner.Step
        Assert.Empty(claims graph 0 1)

        for workers in 2..4 do
            let all = [
                for worker in 0 .. workers - 1 do
                    for kernel, place, stop in claims graph worker workers -> worker, kernel, place, stop
            ]

            for worker, kernel, place, stop in all do
                for other, sameKernel, otherPlace, otherStop in all do
                    if worker <> other && kernel = sameKernel then
                        Assert.True(stop <= otherPlace.Offset || otherStop <= place.Offset)

[<Fact>]
let ``two workers claim hidden layers of the paper's size`` () =
    use graph = CompiledGraph.Compile learners[0].Step

    for worker in 0..1 do
        Assert.NotEmpty(claims graph worker 2)
