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

    /// " Did you mean …?" when a word is nearly one of those known, else nothing; nor when it is one.
    let didYouMean (known: string seq) (word: string) : string =
        let near =
            known
            |> Seq.map (fun candidate ->
                candidate,
                if word.Length > 3 && candidate.Length > word.Length && candidate.StartsWith word then
                    1
                else
                    distance word candidate)
            |> Seq.filter (fun (_, edits) -> edits <= max 1 (word.Length / 4))
            |> Seq.sortBy snd
            |> Seq.toList

        match near with
        | (candidate, edits) :: _ when edits > 0 -> $" Did you mean {candidate}?"
        | _ -> ""
