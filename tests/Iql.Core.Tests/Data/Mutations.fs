/// Damages of bytes, of texts, and of what is inside a container.
module Iql.Core.Tests.Mutations

open System
open System.IO
open System.IO.Compression
open System.Text
open System.Text.RegularExpressions

/// Damages a file's bytes.
type Damage = Random -> byte[] -> byte[]

let private bytesOf (random: Random) (count: int) =
    let bytes = Array.zeroCreate count
    random.NextBytes bytes
    bytes

let private span (random: Random) (length: int) =
    let first = random.Next(length + 1)
    first, random.Next(1 + min 64 (length - first))

let private awkward = [
    [| 0xFFuy; 0xFFuy; 0xFFuy; 0xFFuy |]
    [| 0xFFuy; 0xFFuy; 0xFFuy; 0x7Fuy |]
    [| 0uy; 0uy; 0uy; 0x80uy |]
    [| 0uy; 0uy; 0uy; 0uy; 0uy; 1uy; 0uy; 0uy |]
    BitConverter.GetBytes Double.NaN
    BitConverter.GetBytes Single.NaN
    BitConverter.GetBytes Int64.MinValue
    BitConverter.GetBytes 1e300
    Array.zeroCreate 8
]

/// Bits flipped, bytes cut, put in, moved, repeated, or replaced by awkward numbers.
let plain: Damage list = [
    fun random bytes ->
        let copy = Array.copy bytes

        if copy.Length > 0 then
            for _ in 0 .. random.Next 8 do
                let at = random.Next copy.Length
                copy[at] <- copy[at] ^^^ (1uy <<< random.Next 8)

        copy
    // Large files have their metadata at an end.
    fun random bytes ->
        let copy = Array.copy bytes

        if copy.Length > 0 then
            for _ in 0 .. random.Next 8 do
                let at = random.Next(min copy.Length 4096)
                let at = if random.Next 2 = 0 then at else copy.Length - 1 - at
                copy[at] <- copy[at] ^^^ (1uy <<< random.Next 8)

        copy
    fun random bytes -> bytes[.. random.Next(bytes.Length + 1) - 1]
    fun random bytes ->
        let first, count = span random bytes.Length
        Array.append bytes[.. first - 1] bytes[first + count ..]
    fun random bytes ->
        let first, count = span random bytes.Length
        Array.concat [ bytes[.. first - 1]; bytesOf random count; bytes[first..] ]
    fun random bytes ->
        let first, count = span random bytes.Length
        Array.concat [ bytes[.. first + count - 1]; bytes[first .. first + count - 1]; bytes[first + count ..] ]
    fun random bytes ->
        let copy = Array.copy bytes
        let one, count = span random bytes.Length
        let other = random.Next(bytes.Length - count + 1)
        Array.blit bytes one copy other count
        Array.blit bytes other copy one (min count (max 0 (copy.Length - one)))
        copy
    fun random bytes ->
        let copy = Array.copy bytes
        let number = awkward[random.Next awkward.Length]

        if copy.Length >= number.Length then
            Array.blit number 0 copy (random.Next(copy.Length - number.Length + 1)) number.Length

        copy
]

// Texts

let private values = [
    "1e999"
    "-1"
    "1e39"
    "0"
    "1.5"
    "99999999999999999999"
    "-9223372036854775808"
    "2147483648"
    "1099511627776"
    "NaN"
    "null"
    "true"
    "\"x\""
    "\"\""
    "[]"
    "[[1,2],[3]]"
    "{}"
    "\"\\ud800\""
    "\"\\u0000\""
]

let private replaced (random: Random) (pattern: string) (text: string) (by: string -> string) =
    match Regex.Matches(text, pattern) with
    | found when found.Count = 0 -> text
    | found ->
        let one = found[random.Next found.Count]
        text[.. one.Index - 1] + by one.Value + text[one.Index + one.Length ..]

let private textual (damage: Random -> string -> string) (random: Random) (bytes: byte[]) =
    damage random (Encoding.Latin1.GetString bytes) |> Encoding.Latin1.GetBytes

/// Values of another kind or size, names twice, depth, half characters, NUL and byte order marks.
let texts: Damage list =
    let number = @"-?\d+(\.\d+)?([eE][-+]?\d+)?"

    [
        fun random text -> replaced random number text (fun _ -> values[random.Next values.Length])
        fun random text -> replaced random "\"[^\"]*\"" text (fun _ -> values[random.Next values.Length])
        fun random text -> replaced random @"\[[^\[\]]*\]" text (fun _ -> values[random.Next values.Length])
        fun random text -> replaced random "\"[^\"]*\"\\s*:" text (fun name -> $"{name}0,{name}")
        fun random text -> replaced random "\"[^\"]*\"\\s*:" text (fun _ -> "\"unknown\":")
        fun random text -> replaced random "\"[^\"]*\"" text (fun _ -> "\"\\ud800\"")
        fun random text -> replaced random number text (fun _ -> String('[', 20_000))
        fun random text -> replaced random "." text (fun letter -> letter + "\u0000")
        fun _ text -> "\u00EF\u00BB\u00BF" + text
        fun random text -> replaced random @"[,:\n""]" text (fun _ -> "")
        fun random text -> replaced random @"[^\n]*\n" text (fun line -> line + line)
    ]
    |> List.map textual

/// A file of RunJson with the checksum of its damaged text, so that the text is read.
let summed (damage: Damage) (random: Random) (bytes: byte[]) : byte[] =
    let text = Encoding.Latin1.GetString(damage random bytes)

    match text.LastIndexOf ",\n  \"sha256\"" with
    | -1 -> Encoding.Latin1.GetBytes text
    | last ->
        let body = Encoding.Latin1.GetBytes text[.. last - 1]
        let sum = Convert.ToHexStringLower(Security.Cryptography.SHA256.HashData body)
        Array.append body (Encoding.Latin1.GetBytes $",\n  \"sha256\": \"{sum}\"\n}}\n")

// Containers, put together again so that only the inside is damaged

let any (random: Random) (damages: Damage list) = damages[random.Next damages.Length] random

/// One array of a zip, damaged in its header or anywhere.
let inZip (random: Random) (bytes: byte[]) =
    use from = new ZipArchive(new MemoryStream(bytes))
    use into = new MemoryStream()
    let chosen = random.Next(max 1 from.Entries.Count)

    using (new ZipArchive(into, ZipArchiveMode.Create, true)) (fun zip ->
        for i, entry in Seq.indexed from.Entries do
            use stream = entry.Open()
            use content = new MemoryStream()
            stream.CopyTo content
            let content = content.ToArray()

            let content =
                if i <> chosen then
                    content
                elif random.Next 2 = 0 then
                    any random plain content
                else
                    let header = min content.Length 128
                    Array.append (any random texts content[.. header - 1]) content[header..]

            let name = if i = chosen && random.Next 20 = 0 then from.Entries[0].FullName else entry.FullName
            use written = zip.CreateEntry(name).Open()
            written.Write content)

    into.ToArray()

/// The header of a safetensors file, with its length.
let inHeader (random: Random) (bytes: byte[]) =
    let length = int (BitConverter.ToInt64(bytes, 0))
    let header = any random texts bytes[8 .. 7 + length]
    Array.concat [ BitConverter.GetBytes(int64 header.Length); header; bytes[8 + length ..] ]

/// A field of a row file's first page, or its description, with its length.
let inRows (random: Random) (bytes: byte[]) =
    let copy = Array.copy bytes

    if random.Next 2 = 0 then
        let number = awkward[random.Next awkward.Length]
        Array.blit number 0 copy (random.Next 48) number.Length
        copy
    else
        let start = bytes.Length - int (BitConverter.ToInt64(bytes, 40))
        let description = any random texts bytes[start..]
        Array.blit (BitConverter.GetBytes(int64 description.Length)) 0 copy 40 8
        Array.append copy[.. start - 1] description

/// JSON of a run before its checksum, which fits again.
let inSeal (random: Random) (bytes: byte[]) =
    let text = Encoding.Latin1.GetString bytes

    match text.LastIndexOf ",\n  \"sha256\"" with
    | -1 -> bytes
    | seal ->
        let body = any random texts bytes[.. seal - 1]
        let hash = Convert.ToHexStringLower(Security.Cryptography.SHA256.HashData body)
        Array.append body (Encoding.ASCII.GetBytes $",\n  \"sha256\": \"{hash}\"\n}}\n")
