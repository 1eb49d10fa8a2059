namespace Iql.Scripts

open System

/// Words of a command line.
[<RequireQualifiedAccess>]
module ShellWord =

    /// A word, in quotes where a shell needs them.
    let quoted (word: string) : string =
        if word <> "" && word |> Seq.forall (fun c -> Char.IsLetterOrDigit c || Seq.contains c "-_.,:/=+") then
            word
        else
            "'" + word.Replace("'", "'\\''") + "'"
