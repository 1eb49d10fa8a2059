/// Event files, read back by a reader of our own: checksums by a table, fields by hand.
module Iql.Core.Tests.Export.EventFileTests

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.IO
open System.Text
open Expecto
open Iql.Export
open Iql.Tests
open Iql.Training
open Iql.Core.Tests.Training

/// CRC-32C, bit by bit.
let private crc (data: byte[]) : uint32 =
    let step (value: uint32) = if value &&& 1u = 1u then (value >>> 1) ^^^ 0x82F63B78u else value >>> 1

    (~~~0u, data)
    ||> Array.fold (fun value each -> Seq.fold (fun value _ -> step value) (value ^^^ uint32 each) (seq { 1..8 }))
    |> (~~~)

let private masked (data: byte[]) : uint32 =
    let value = crc data
    ((value >>> 15) ||| (value <<< 17)) + 0xa282ead8u

/// A message's fields: number, and the bytes or the varint.
let private fields (data: byte[]) : (int * byte[]) list =
    let rec varint at shift value =
        let value = value ||| (uint64 (data[at] &&& 127uy) <<< shift)
        if data[at] < 128uy then value, at + 1 else varint (at + 1) (shift + 7) value

    let rec go at = [
        if at < data.Length then
            let key, at = varint at 0 0UL

            match key &&& 7UL with
            | 0UL ->
                let value, next = varint at 0 0UL
                int (key >>> 3), BitConverter.GetBytes value
                yield! go next
            | wire ->
                let start, length =
                    match wire with
                    | 1UL -> at, 8
                    | 5UL -> at, 4
                    | _ ->
                        let length, start = varint at 0 0UL
                        start, int length

                int (key >>> 3), data[start .. start + length - 1]
                yield! go (start + length)
    ]

    go 0

let private find (number: int) (data: byte[]) : byte[] = fields data |> List.find (fst >> (=) number) |> snd

/// The events of a file, whose checksums all hold.
let private events (file: byte[]) : byte[] list =
    let rec go at = [
        if at < file.Length then
            let length = int (BitConverter.ToInt64(file, at))
            let data = file[at + 12 .. at + 11 + length]
            Expect.equal (BitConverter.ToUInt32(file, at + 8)) (masked file[at .. at + 7]) "checksum of length"
            Expect.equal (BitConverter.ToUInt32(file, at + 12 + length)) (masked data) "checksum of data"
            data
            yield! go (at + 16 + length)
    ]

    go 0

let private run: Run =
    let metrics = OrderedDictionary(dict [ "valueLoss", 0.25; "policyLoss", nan ])

    Run(
        "run",
        OrderedDictionary(),
        Fixture.config,
        ImmutableArray.Create(
            TrainLine(metrics, 100.0, Step = 5L, Seconds = 1.0),
            TrainLine(metrics, 100.0, Step = 300L, Seconds = 2.5)
        ),
        ImmutableArray.Create(
            EvaluationLine(
                Step = 100L,
                Seconds = 2.0,
                ReturnMean = 3.5,
                ReturnStd = 0.5,
                Returns = ImmutableArray.Create(3.0, 4.0),
                Lengths = ImmutableArray.Create(7, 7),
                Successes = ImmutableArray.Create(0, 1),
                SuccessRate = 0.5
            )
        ),
        ImmutableArray.Create(
            WeightsLine(ImmutableArray.Create(0.0, 1.0, 3.0), ImmutableArray.Create(6, 2), Step = 100L, Seconds = 2.0)
        ),
        null
    )

[<Tests>]
let tests =
    testList "EventFileTests" [
        testCase "every record's checksums hold, and metrics are read back in the order of their steps" (fun () ->
            Expect.equal (crc (Encoding.ASCII.GetBytes "123456789")) 0xE3069283u "check value of CRC-32C"
            use stream = new MemoryStream()
            EventFile.Write(stream, run, 1000.0)
            let all = events (stream.ToArray())
            Expect.equal (Encoding.UTF8.GetString(find 3 all.Head)) "brain.Event:2" "version"
            let step event = BitConverter.ToInt64(find 2 event)
            Expect.equal (List.map step all.Tail) [ 5L; 100L; 100L; 300L ] "steps"
            Expect.equal (BitConverter.ToDouble(find 1 all[4])) 1002.5 "wall time"

            let values event = [
                for number, value in fields (find 5 event) do
                    if number = 1 then
                        let tag = Encoding.UTF8.GetString(find 1 value)

                        if tag <> "weights" then
                            tag, BitConverter.ToSingle(find 2 value)
            ]

            Expect.equal (values all[1] |> List.head) ("train/valueLoss", 0.25f) "first of values"

            Expect.isTrue
                (Single.IsNaN(Map.find "train/policyLoss" (Map(values all[1]))))
                "a number that is not finite"

            Expect.equal
                (values all[2])
                [ "evaluation/returnMean", 3.5f; "evaluation/returnStd", 0.5f; "evaluation/successRate", 0.5f ]
                "values of the evaluation"

            let histogram = find 5 (find 1 (find 5 all[3]))

            let numbers field =
                let bytes = find field histogram
                [ for i in 0..8 .. bytes.Length - 1 -> BitConverter.ToDouble(bytes, i) ]

            Expect.equal [ for field in 1..5 -> List.head (numbers field) ] [ 0.0; 3.0; 8.0; 7.0; 9.5 ] "moments"
            Expect.equal (numbers 6, numbers 7) ([ 1.0; 3.0 ], [ 6.0; 2.0 ]) "limits and counts")
    ]
