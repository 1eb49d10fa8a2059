namespace Iql.Scripts

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.IO
open Iql.Data
open Iql.Data.Files
open Iql.Data.Rows
open Iql.Training

/// Reading how data files came about, and saying it.
[<RequireQualifiedAccess>]
module DataOrigin =

    let private ofEntries (rows: int64) (entry: string -> string option) : DataOrigin =
        let policies =
            (defaultArg (entry "policies") "")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries)

        DataOrigin(
            rows,
            Option.toObj (entry "task"),
            ImmutableArray.Create<string> policies,
            Option.toObj (entry "seed"),
            (entry "iql").IsSome
        )

    /// What a data file says of itself; None where it cannot be read. Reads single values only, however large the file
    /// is.
    let ofFile (path: string) : DataOrigin option =
        try
            if RowFile.IsRowFile path then
                let file = RowFile path

                let entry (name: string) = file.Metadata.GetValueOrDefault name |> Option.ofObj

                Some(ofEntries file.Count (fun name -> List.tryPick entry [ name; "metadata/" + name ]))
            else
                use file = DatasetFile.Open path

                let entry name = file.Entries |> Seq.tryFind (fun entry -> entry.Name = name)

                let text name =
                    entry ("metadata/" + name)
                    |> Option.filter (fun entry -> entry.Kind = "string")
                    |> Option.bind (fun entry -> file.Read(entry.Name).Values |> Seq.cast<string> |> Seq.tryHead)

                let rows = entry "rewards" |> Option.bind (_.Shape >> Seq.tryHead)
                Some(ofEntries (defaultArg rows 0L) text)
        with
        | :? IOException
        | :? InvalidDataException
        | :? UnauthorizedAccessException
        | :? DllNotFoundException -> None

    /// "26 policies in equal shares, hopper-gail-trpo-0000 to hopper-gail-trpo-0500 (a policy file, sampled actions)".
    let private actors (policies: string list) : string =
        let part (line: string) =
            match line.IndexOf ": " with
            | -1 -> line, ""
            | at -> line.Substring(0, at), line.Substring(at + 2)

        let group (what: string, names: string list) =
            let aside = if what = "" then "" else $" ({what})"

            match names with
            | [ one ] -> one + aside
            | [ one; other ] -> $"{one} and {other}{aside}"
            | names -> $"{List.head names} to {List.last names}{aside}"

        let groups =
            policies
            |> List.map part
            |> List.groupBy snd
            |> List.map (fun (what, parts) -> group (what, List.map fst parts))
            |> String.concat ", "

        if policies.Length = 1 then
            groups
        else
            $"{policies.Length} policies in equal shares, {groups}"

    /// What the data are, in words that go on a sentence: "collected in hopper-v4 by …, seed 0". Nothing where the file
    /// does not say.
    let words (origin: DataOrigin) : string =
        let said before value = if isNull value then "" else $"{before} {value}"

        let place, seed = said " in" origin.Task, said ", seed" origin.Seed

        match List.ofSeq origin.Policies, origin.Collected with
        | [], false -> ""
        | [], true -> $"collected{place} by the task's own recipe{seed}"
        | policies, _ -> $"collected{place} by {actors policies}{seed}"

    /// How many of the file's rows were learned from: "399 000 of 400 000 transitions".
    let share (transitions: int64) (origin: DataOrigin) : string =
        if transitions = origin.Rows then
            $"{Plural.thousands transitions} transitions"
        else
            $"{Plural.thousands transitions} of {Plural.thousands origin.Rows} transitions"
