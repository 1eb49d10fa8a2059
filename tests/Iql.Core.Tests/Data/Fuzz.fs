/// Damaged files of every format, made of sound ones, and what readers do with them. tools/fuzz.fsx loads this file
/// too: it uses only what is public.
module Iql.Core.Tests.Fuzz

open System
open System.IO
open System.Threading
open Iql.Core.Tests.Mutations
open Iql.Core.Tests.DataReaders
open Iql.Core.Tests.RunReaders

let readers: Reader list = dataReaders @ runReaders

/// Longest time for one input.
let seconds = 5.0

/// Bytes that a reader may take beside four times the larger of the file and its rows.
let spare = 64_000_000L

/// What a reader did with an input.
type Outcome =
    | Accepted
    | Refused of string
    /// An exception of another kind, too slow, or too much memory.
    | Broken of string

/// Reads a folder on a thread of its own, with bounds on time and memory. Also gives the bytes that one reading of the
/// file took beyond four times the larger of the file and its rows: all that were asked for, also those given back.
let measured (reader: Reader) (folder: string) : Outcome * int64 =
    let size = Directory.GetFiles folder |> Seq.sumBy (fun path -> FileInfo(path).Length)
    let mutable outcome = Broken $"no answer within {seconds} seconds", 0L

    let work () =
        let mutable before = GC.GetAllocatedBytesForCurrentThread()
        let mutable held = size
        let mutable beyond = Int64.MinValue

        let count (rows: int64) =
            let now = GC.GetAllocatedBytesForCurrentThread()
            held <- max held rows
            beyond <- max beyond (now - before - 4L * held)
            before <- now

        let found =
            try
                Seq.iter count (reader.Read folder)
                Accepted
            with
            | :? Iql.FileException as failure when
                failure.Message.StartsWith folder && not (failure.Message.Contains '\n')
                ->
                Refused failure.Message
            | :? IOException as failure when not (failure :? EndOfStreamException || failure :? Iql.FileException) ->
                Refused failure.Message
            | failure -> Broken $"{failure}"

        count 0L

        outcome <-
            match found with
            | Accepted
            | Refused _ when beyond > spare -> Broken $"{beyond} bytes beyond four times {held}", beyond
            | other -> other, beyond

    let thread = Thread(work, 1 <<< 20, IsBackground = true)
    thread.Start()
    thread.Join(TimeSpan.FromSeconds seconds) |> ignore
    outcome

/// What a reader does with a folder.
let attempt (reader: Reader) (folder: string) : Outcome = fst (measured reader folder)

/// Runs an action with a folder in memory, where there is one, that is gone afterwards.
let withFolder (action: string -> 'result) : 'result =
    let above = if Directory.Exists "/dev/shm" then "/dev/shm" else Path.GetTempPath()
    let folder = Path.Combine(above, $"iql-fuzz-{Guid.NewGuid():N}")
    Directory.CreateDirectory folder |> ignore

    try
        action folder
    finally
        Directory.Delete(folder, true)

/// Our sound inputs of a reader.
let seedsOf (reader: Reader) : Sound list = withFolder reader.Seeds

/// ../shared/data, from this file upwards; None where it is absent.
let private shared =
    List.unfold
        (fun folder -> if isNull folder then None else Some(folder, Path.GetDirectoryName folder))
        __SOURCE_DIRECTORY__
    |> List.map (fun folder -> Path.Combine(folder, "shared", "data"))
    |> List.tryFind Directory.Exists

/// The inputs of other programs that are at hand.
let foreignOf (reader: Reader) : Sound list = [
    for files in reader.Foreign do
        let files = [ for name, path in files -> name, Path.Combine(defaultArg shared "", path) ]

        if files |> List.forall (snd >> File.Exists) then
            [ for name, path in files -> name, File.ReadAllBytes path ]
]

/// Whether an input takes a tenth of a second.
let isLarge (input: Sound) : bool = input |> List.exists (fun (_, bytes) -> bytes.Length > 1_000_000)

/// The damaged inputs of a reader: number, and the files. The same ones every time. Each fourth is another program's;
/// of these, each 25th is large.
let inputs (reader: Reader) (first: int) (count: int) : (int * Sound) seq = seq {
    let own = seedsOf reader
    let large, small = foreignOf reader |> List.partition isLarge

    for number in first .. first + count - 1 do
        let random = Random(number)

        let seeds =
            if number % 100 = 99 && not large.IsEmpty then large
            elif number % 4 = 3 && not small.IsEmpty then small
            else own

        let seed = seeds[random.Next seeds.Length]
        let damages = plain @ reader.Damage
        let chosen = if random.Next 8 = 0 then random.Next seed.Length else 0

        let damaged = [
            for i, (name, bytes) in List.indexed seed do
                name,
                if i <> chosen then
                    bytes
                else
                    (bytes, [ 0 .. random.Next 2 ])
                    ||> List.fold (fun bytes turn ->
                        // Containers are taken apart only while they are whole.
                        (if turn = 0 && reader.Damage.Length > 0 then damages else plain)
                        |> fun all -> any random all bytes)
        ]

        number, damaged
}

/// Writes an input's files into a folder, which holds nothing else then.
let place (folder: string) (input: Sound) : unit =
    for path in Directory.GetFiles folder do
        File.Delete path

    for name, bytes in input do
        File.WriteAllBytes(file folder name, bytes)
