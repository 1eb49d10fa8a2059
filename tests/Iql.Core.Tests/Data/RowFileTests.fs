module Iql.Core.Tests.RowFileTests

open System
open System.Collections.Immutable
open System.IO
open System.Runtime.InteropServices
open Iql
open Iql.Data
open Iql.Data.Rows
open Iql.Graph
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

let seed = Seed.Named("tests").Split "sampling"

/// The same transitions as a row file.
let onDisk (folder: string) (t: Transitions) : RowFile =
    let path = Path.Combine(folder, "case.rows")
    RowFileWriter.Write(path, t)
    RowFile path

let private sameBatches (memory: IDataset) (disk: IDataset) (layout: Layout) =
    use a = new TensorBlock(layout)
    use b = new TensorBlock(layout)
    let one, other = Sampler(memory, layout), Sampler(disk, layout)
    Expect.equal other.Count one.Count "count of other"

    [ 0L; 1L; 1_000_003L ]
    |> List.forall (fun step ->
        one.Fill(a, seed, step)
        other.Fill(b, seed, step)
        a.SameBits b)

[<Tests>]
let tests =
    testList "RowFileTests" [
        testCase "a row file gives the batches of the same transitions in memory to the bit" (fun () ->
            withFolder (fun folder ->
                for s, a in [ 1, 1; 3, 2; 17, 6 ] do
                    forSomeSteps 20 (fun steps ->
                        let t = transitions s a steps
                        let file = onDisk folder t
                        let plain = BatchLayout.Of(32, s, a)
                        let sarsa = BatchLayout.Of(32, s, a, nextActions = true)
                        let hasNext = Seq.exists t.HasNextAction [ 0 .. t.Count - 1 ]
                        sameBatches t file plain && (not hasNext || sameBatches t file sarsa))))

        testCase "normalised while filling or before, the bits are the same" (fun () ->
            withFolder (fun folder ->
                for s, a in [ 1, 1; 5, 2 ] do
                    let t = transitions s a (steps 90 [ 9; 30 ] [ 33; 60 ])
                    let file = onDisk folder t

                    for normalization in
                        [
                            Normalization.None
                            Normalization.Of(t, true, RewardRule.ReturnRange)
                            Normalization.Of(t, false, RewardRule.AntMaze).WithActionLimit(Nullable 0.7)
                            Normalization.Custom(0.3, 1.0 / 7.0)
                        ] do
                        for nextActions in [ false; true ] do
                            let layout = BatchLayout.Of(64, s, a, nextActions = nextActions)

                            let memory, disk = (t: IDataset).Normalized normalization, file.Normalized normalization

                            Expect.isTrue (sameBatches memory disk layout) "same batches memory disk layout"

                    throws<ArgumentException>(fun () ->
                        file.Normalized(Normalization.Custom(2.0, 0.0)).Normalized(Normalization.Custom(2.0, 0.0))
                        |> ignore)
                    |> ignore))

        testCase "asked for ahead or not, the batches are the same" (fun () ->
            withFolder (fun folder ->
                let t = transitions 3 2 (steps 500 [ 9 ] [ 33 ])
                onDisk folder t |> ignore
                let path = Path.Combine(folder, "case.rows")
                let layout = BatchLayout.Of(32, 3, 2)
                Expect.isTrue (sameBatches (RowFile(path, false)) (RowFile(path, true)) layout) "same batches"))

        testCase "a row file has the fingerprint, sizes and rows of its transitions" (fun () ->
            withFolder (fun folder ->
                forSomeSteps 40 (fun steps ->
                    let t = transitions 3 2 steps
                    let file = onDisk folder t
                    let rows = file.Rows(0L, t.Count)

                    file.Fingerprint = t.Fingerprint
                    && rows.Fingerprint = t.Fingerprint
                    && file.Count = int64 t.Count
                    && (file.ObservationSize, file.ActionSize, file.Name) = (3, 2, "case"))))

        testCase "a sample of a large file has one row from each of equal stretches" (fun () ->
            withFolder (fun folder ->
                let t = transitions 1 1 (steps 1003 [] [])
                let sample = (onDisk folder t).Sample 100
                let rows = [ for reward in sample.Rewards -> int reward ]
                Expect.hasLength rows 100 "rows"

                for i, row in List.indexed rows do
                    Expect.between (i * 1003 / 100 - 1) ((i + 1) * 1003 / 100) row "row"

                Expect.equal (rows |> List.distinct |> List.length) 100 "number of distinct rows"

                Expect.equal
                    ((onDisk folder t).Sample 2000).Fingerprint
                    t.Fingerprint
                    "fingerprint of sample of on disk folder t"))

        testAlone "filling from a file allocates nothing" (fun () ->
            withFolder (fun folder ->
                let t = transitions 3 2 (steps 500 [] [])
                let layout = BatchLayout.Of(256, 3, 2)

                let file = (onDisk folder t).Normalized(Normalization.Of(t, true, RewardRule.AntMaze))

                let sampler = Sampler(file, layout)
                use block = new TensorBlock(layout)
                sampler.Fill(block, seed, 0L)
                // Had a batch to wait for the disk, it would start a thread that reads all, once.
                file.Table.LoadIfItFits()

                Expect.allocatesNothing
                    (fun () ->
                        for step in 1L .. 50L do
                            sampler.Fill(block, seed, step))
                    "50 batches"))

        testCase "rows beyond two billion numbers are found" (fun () ->
            withFolder (fun folder ->
                // 70 million rows of 32 floats: 9 GB, of which the disk holds a few pages; the rest is a hole that
                // reads as zeros.
                let count, s, a = 70_000_000L, 11, 3
                let layout = RowLayout(s, a)
                let small = Path.Combine(folder, "small.rows")
                RowFileWriter.Write(small, transitions s a (steps 4 [] []))

                let description =
                    use stream = File.OpenRead small
                    let header = RowFileHeader.Read(small, stream)
                    RowFileDescription.Read(small, stream, header).ToBytes()

                let sum = Security.Cryptography.SHA256.HashData description
                let header = RowFileHeader(count, layout, int64 description.Length, Array.zeroCreate 32, sum)
                let path = Path.Combine(folder, "large.rows")
                let batch = 64
                let drawn = [| for i in 0UL .. uint64 batch - 1UL -> seed.Below(i, count) |]

                do
                    use stream = File.Create path
                    stream.SetLength header.FileBytes
                    stream.Write(header.ToBytes())

                    for i, row in Array.indexed (Array.append drawn [| count - 1L |]) do
                        let numbers = Array.zeroCreate<float32> layout.Stride

                        let observation, action, next =
                            Array.create s (float32 i), Array.create a 0.5f, Array.create s 2f

                        layout.Write(
                            Span numbers,
                            ReadOnlySpan observation,
                            ReadOnlySpan action,
                            float32 i,
                            false,
                            false,
                            ReadOnlySpan next
                        )

                        stream.Position <- 4096L + row * int64 layout.Bytes
                        stream.Write(MemoryMarshal.AsBytes(ReadOnlySpan numbers))

                    stream.Position <- header.DescriptionOffset
                    stream.Write description

                let file = RowFile path
                Expect.equal file.Count count "count of file"
                let shape = BatchLayout.Of(batch, s, a)
                use block = new TensorBlock(shape)
                Sampler(file, shape).Fill(block, seed, 0L)
                Expect.equal (block.Read "rewards") (Array.init batch float32) "read of block 'rewards'"

                Expect.isGreaterThan
                    (Array.max drawn * int64 layout.Stride)
                    (int64 Int32.MaxValue)
                    "largest of drawn times stride of layout"

                Expect.equal (file.Rows(count - 1L, 5).Rewards[0]) (float32 batch) "reward 0 of rows of file"))

        testCase "a draw below a long count is the draw below the same int, and reaches everywhere" (fun () ->
            for i in 0UL .. 999UL do
                Expect.equal (seed.Below(i, 12345L)) (int64 (seed.Below(i, 12345))) "below of seed"
                Expect.between 0L ((1L <<< 40) - 1L) (seed.Below(i, 1L <<< 40)) "below of seed"

            let mean = [ for i in 0UL .. 9999UL -> float (seed.Below(i, 1L <<< 40)) ] |> List.average
            // Of 10,000 uniform draws: 1/2, standard deviation 0.003.
            Expect.between 0.49 0.51 (mean / float (1L <<< 40)) "mean")

        testCase "the k-th marked row is found" (fun () ->
            for words, share in [ 1, 0.5; 7, 0.01; 8, 0.9; 9, 0.5; 100, 0.001; 100, 1.0 ] do
                let marks = [| for i in 0 .. 64 * words - 1 -> seed.Unit(uint64 i) < share |]

                let bits = [|
                    for word in 0 .. words - 1 ->
                        Seq.init 64 (fun bit -> if marks[64 * word + bit] then 1UL <<< bit else 0UL)
                        |> Seq.fold (|||) 0UL
                |]

                let rank = RowRank bits

                let expected = [
                    for i, marked in Seq.indexed marks do
                        if marked then
                            int64 i
                ]

                Expect.equal rank.Count (int64 expected.Length) "count of rank"
                Expect.equal [ for k in 0L .. rank.Count - 1L -> rank.Row k ] expected "row of rank of k")

        testCase "metadata come back" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "new", "a b ü.rows")

                RowFileWriter.Write(
                    path,
                    transitions 1 1 (steps 3 [] []),
                    ImmutableDictionary.CreateRange(dict [ "seed", "7"; "task", "näht ✓" ])
                )

                Expect.equal (RowFile path).Metadata["task"] "näht ✓" "task"
                Expect.isTrue (RowFile.IsRowFile path) "is row file of path"))

        testCase "a flipped bit anywhere in a row file is noticed" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "walks.rows")
                RowFileWriter.Write(path, transitions 3 2 (steps 100 [ 40 ] [ 70 ]))
                (RowFile path).Verify()
                let bytes = File.ReadAllBytes path

                for place in Seq.append (seq { 0..37 .. bytes.Length - 1 }) [ bytes.Length - 1 ] do
                    let damaged = Array.copy bytes
                    damaged[place] <- damaged[place] ^^^ (1uy <<< place % 8)
                    File.WriteAllBytes(path, damaged)

                    let message = throws<InvalidDataException>(fun () -> (RowFile path).Verify()).Message
                    Expect.stringContains message path $"byte {place}"))

        testCase "a large row file is checked once, and again after a change" (fun () ->
            withFolder (fun folder ->
                let path, memory = Path.Combine(folder, "walks.rows"), Path.Combine(folder, "memory")
                RowFileWriter.Write(path, transitions 3 2 (steps 100 [ 40 ] [ 70 ]))

                let header =
                    use stream = File.OpenRead path
                    RowFileHeader.Read(path, stream)

                let check () = RowFileCheck.RunOnce(path, header, (RowFile path).Fingerprint, memory, 1L)
                check ()
                let written = File.GetLastWriteTimeUtc path
                let bytes = File.ReadAllBytes path
                bytes[5000] <- bytes[5000] ^^^ 1uy
                File.WriteAllBytes(path, bytes)
                File.SetLastWriteTimeUtc(path, written)
                check () // it is not read again
                File.SetLastWriteTimeUtc(path, written.AddSeconds 1.0)
                Expect.stringContains (throws<InvalidDataException> check).Message path "changed"))
    ]
