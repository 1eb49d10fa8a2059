/// The bits of runs, held by the table bits.txt: instructions, job, a hash of a run's tensors by name, its score.
module Iql.Cli.Tests.BitsTests

open System
open System.Globalization
open System.IO
open System.Runtime.InteropServices
open System.Security.Cryptography
open System.Text
open Expecto
open Iql.Tests
open Iql.Cli.Tests.Trainings
open Iql.Training

/// A short training: every algorithm in a second or two.
let private short =
    "--task pointmaze-umaze-v0 --transitions 5000 --hidden 32x32 --steps 300 --episodes 5 --evaluate-every 150 --seed 3"

let private paths = [ "vector128"; "vector256"; "vector512" ]

let private jobs = [
    for name in
        [
            "iql"
            "bc"
            "10%bc"
            "td3bc"
            "awac"
            "onestep"
            "cql"
            "cql-authors"
            "cql-young-geng"
            "cal-ql"
            "rlpd"
            "dt"
        ] do
        $"train-{name}", $"train --algorithm {name} {short}"
    for objective in [ "sarsa"; "expectile-td"; "maximum-td"; "supported-maximum-td" ] do
        $"train-iql-{objective}", $"train --objective {objective} {short}"
    "compare",
    "compare --task pointmaze-umaze-v0,pointmaze-medium-stitch-v0 --algorithms iql,td3bc,bc --transitions 5000 \
     --hidden 32x32 --steps 300 --episodes 5 --seeds 0-1"
    "ablate",
    "ablate --task pointmaze-umaze-stitch-v0 --expectiles 0.5,0.7,0.9,0.95 --inverse-temperatures 0,1,3,10 \
     --seeds 0 --steps 1500 --episodes 10"
]

let private hash (checkpoint: string) : string =
    use sum = IncrementalHash.CreateHash HashAlgorithmName.SHA256

    for tensor in
        (SafeTensors.Read checkpoint).Tensors
        |> Seq.sortWith (fun a b -> String.CompareOrdinal(a.Name, b.Name)) do
        sum.AppendData(Encoding.UTF8.GetBytes(tensor.Name + "\000"))
        sum.AppendData(MemoryMarshal.AsBytes tensor.Values.Span)

    Convert.ToHexStringLower(sum.GetHashAndReset())[..15]

/// A line for each run under a folder, sorted.
let private lines (folder: string) : string list =
    Directory.GetFiles(folder, "checkpoint.safetensors", SearchOption.AllDirectories)
    |> Seq.map (fun checkpoint ->
        let result = (RunFolder(Path.GetDirectoryName checkpoint)).ReadResult()
        let score = result.Score.Value.ToString CultureInfo.InvariantCulture
        $"{hash checkpoint} {score}")
    |> Seq.sort
    |> List.ofSeq

let private table = Path.Combine(AppContext.BaseDirectory, "bits.txt")

let private expected (instructions: string) (job: string) : string list = [
    for line in File.ReadLines table do
        match line.Split ' ' with
        | [| i; j; hash; score |] when i = instructions && j = job -> $"{hash} {score}"
        | _ -> ()
]

/// Runs a job in a process of its own, since instructions are chosen once a process.
let private bits (instructions: string) (words: string) : string list =
    use scratch = new Scratch()

    use training = startWith [ "IQL_INSTRUCTIONS", instructions ] $"{words} --output {scratch}/runs"

    let code, _, error = finished training
    Expect.equal code 0 error
    lines (scratch.Path "runs")

[<Tests>]
let tests =
    testSequenced
    <| testList "BitsTests" [
        testLong [
            testRows "runs have the bits of the table" paths (fun (instructions: string) ->
                if
                    not (
                        Iql.Cpu.Emit.InstructionSets.Available
                        |> Seq.exists (fun each ->
                            string each = instructions[..0].ToUpperInvariant() + instructions[1..])
                    )
                then
                    skiptest $"This machine has no {instructions}."

                for job, words in jobs do
                    Expect.equal (bits instructions words) (expected instructions job) $"bits of {words}")
        ]
    ]
