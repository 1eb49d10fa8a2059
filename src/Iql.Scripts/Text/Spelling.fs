namespace Iql.Scripts

/// Words that are nearly right.
[<RequireQualifiedAccess>]
module Spelling =

    /// How far a known word is from a word: by edits of the same length, or by what completes its parts ("umaze" in
    /// "pointmaze-umaze-v0"); None where it is far. Of versions the newest is nearest.
    let private nearness (word: string) (candidate: string) : (int * int) option =
        let plain (text: string) = text.ToLowerInvariant().Replace('_', '-')
        let word, known = plain word, plain candidate
        let edits = Iql.EditDistance.Of(word, known)
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
