namespace Iql.Scripts

/// Words that are nearly right.
[<RequireQualifiedAccess>]
module Spelling =

    /// Edits (insert, drop, replace, swap neighbours) that make one word into another.
    let distance (a: string) (b: string) : int =
        let d =
            Array2D.init (a.Length + 1) (b.Length + 1) (fun i j ->
                if i = 0 then j
                elif j = 0 then i
                else 0)

        for i in 1 .. a.Length do
            for j in 1 .. b.Length do
                let replace = d[i - 1, j - 1] + (if a[i - 1] = b[j - 1] then 0 else 1)
                d[i, j] <- min replace (1 + min d[i - 1, j] d[i, j - 1])

                if i > 1 && j > 1 && a[i - 1] = b[j - 2] && a[i - 2] = b[j - 1] then
                    d[i, j] <- min d[i, j] (d[i - 2, j - 2] + 1)

        d[a.Length, b.Length]

    /// How far a known word is from a word: by edits of the same length, or by what completes its parts ("umaze" in
    /// "pointmaze-umaze-v0"); None where it is far. Of versions the newest is nearest.
    let private nearness (word: string) (candidate: string) : (int * int) option =
        let plain (text: string) = text.ToLowerInvariant().Replace('_', '-')
        let word, known = plain word, plain candidate
        let edits = distance word known
        let parts = known.Split '-' |> List.ofArray

        let rec completes (words: string list) (parts: string list) =
            match words, parts with
            | [], _ -> true
            | _, [] -> false
            | word :: words, part :: parts when word = part -> completes words parts
            | words, _ :: parts -> completes words parts

        let isPart = word.TrimStart('-').Length > 3 && completes (List.ofArray (word.Split '-')) parts
        let starts = word.Length > 3 && known.StartsWith word

        if edits <= 1 then Some(edits, 0)
        elif starts || isPart then Some(1, parts.Length)
        elif edits <= word.Length / 4 then Some(edits, 0)
        else None

    /// " Did you mean …?" when a word is nearly one of those known, else nothing; nor when it is one.
    let didYouMean (known: string seq) (word: string) : string =
        if Seq.contains word known then
            ""
        else
            known
            |> Seq.choose (fun candidate -> nearness word candidate |> Option.map (fun near -> near, candidate))
            |> Seq.sortWith (fun (near, one) (nearest, other) ->
                match compare near nearest with
                | 0 -> System.String.CompareOrdinal(other, one)
                | order -> order)
            |> Seq.tryHead
            |> Option.map (fun (_, candidate) -> $" Did you mean {candidate}?")
            |> Option.defaultValue ""
