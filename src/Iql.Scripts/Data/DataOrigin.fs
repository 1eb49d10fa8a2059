namespace Iql.Scripts

open System
open System.Globalization
open System.IO
open Iql.Data
open Iql.Data.Files
open Iql.Data.Rows

/// How a data file came about, in the words that stand in it: `iql data collect` writes them as metadata.
type DataOrigin = {
    /// The file's name without its folder.
    File: string
    /// Rows in the file, of which training keeps most.
    Rows: int64
    /// The task it was collected in.
    Task: string option
    /// Who acted, a line each: "hopper-sac: a policy file, drawn actions, noise 0".
    Policies: string list
    Seed: string option
    /// Whether `iql data collect` wrote it, so that it is no file of D4RL.
    Collected: bool
}

/// Reading origins from data files, keeping them in folders of runs, and saying them.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module DataOrigin =

    let private thousands (value: int64) =
        value.ToString("#,0", CultureInfo.InvariantCulture).Replace(",", "\u202f")

    let private lines (text: string) =
        List.ofArray (text.Split('\n', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries))

    let private ofEntries (path: string) (rows: int64) (entry: string -> string option) : DataOrigin = {
        File = Path.GetFileName path
        Rows = rows
        Task = entry "task"
        Policies = entry "policies" |> Option.map lines |> Option.defaultValue []
        Seed = entry "seed"
        Collected = (entry "iql").IsSome
    }

    /// What a data file says of itself; None where it cannot be read. Reads single values only, however large the file is.
    let ofFile (path: string) : DataOrigin option =
        try
            if RowFile.IsRowFile path then
                let file = RowFile path

                Some(
                    ofEntries path file.Count (fun name ->
                        [ name; "metadata/" + name ]
                        |> List.tryPick (fun name ->
                            match file.Metadata.TryGetValue name with
                            | true, text -> Some text
                            | _ -> None))
                )
            else
                use file = DatasetFile.Open path

                let text name =
                    let whole = "metadata/" + name

                    if
                        file.Entries
                        |> Seq.exists (fun entry -> entry.Name = whole && entry.Kind = "string")
                    then
                        match (file.Read whole).Values with
                        | :? (string[]) as texts when texts.Length > 0 -> Some texts[0]
                        | _ -> None
                    else
                        None

                let rows =
                    file.Entries
                    |> Seq.tryFind (fun entry -> entry.Name = "rewards")
                    |> Option.map (fun entry -> Seq.head entry.Shape)

                Some(ofEntries path (defaultArg rows 0L) text)
        with
        | :? IOException
        | :? InvalidDataException
        | :? UnauthorizedAccessException
        | :? DllNotFoundException -> None

    let private format = "iql-origin-1"

    let private path (folder: string) = Path.Combine(folder, "origin.json")

    /// Keeps an origin in the folder of the runs that learned from it: a report needs no data file then.
    let save (folder: string) (origin: DataOrigin) : unit =
        let text = Option.map Json.Text >> Option.defaultValue Json.Null

        let json =
            Json.Object [
                "format", Json.Text format
                "file", Json.Text origin.File
                "rows", Json.Number(float origin.Rows)
                "task", text origin.Task
                "policies", Json.ofTexts origin.Policies
                "seed", text origin.Seed
                "collected", Json.Bool origin.Collected
            ]

        AtomicFile.Write(path folder, (fun (draft: string) -> File.WriteAllText(draft, Json.write json + "\n")))

    /// The origin kept in a folder; None where none was, or where it cannot be read.
    let read (folder: string) : DataOrigin option =
        match Json.readFile (path folder) with
        | Ok json when Json.text "format" json = Some format ->
            Some {
                File = Json.text "file" json |> Option.defaultValue ""
                Rows = Json.number "rows" json |> Option.map int64 |> Option.defaultValue 0L
                Task = Json.text "task" json
                Policies = json |> Json.field "policies" |> Json.items |> List.choose Json.asText
                Seed = Json.text "seed" json
                Collected = Json.field "collected" json = Json.Bool true
            }
        | _ -> None

    /// Looks for the data file again, for a folder of runs without a word of it: where the command named it, seen from here and from
    /// the folders above, and beside the folder. A file of another size is another file.
    let search (folder: string) (command: string option) (source: string) (transitions: int64) : DataOrigin option =
        let named =
            (defaultArg command "").Split([| ' '; ','; '\''; '=' |], StringSplitOptions.RemoveEmptyEntries)
            |> List.ofArray
            |> List.filter (fun word -> Path.GetFileName word = source)

        let full = Path.GetFullPath folder

        let above =
            full
            |> List.unfold (fun (at: string) ->
                match Path.GetDirectoryName at with
                | null -> None
                | up -> Some(up, up))
            |> List.truncate 3

        [
            for home in Directory.GetCurrentDirectory() :: above do
                for word in named @ [ source ] do
                    Path.Combine(home, word)
        ]
        |> List.distinct
        |> List.filter File.Exists
        |> List.tryPick (fun path ->
            ofFile path
            |> Option.filter (fun origin -> origin.Rows >= transitions && 0.9 * float origin.Rows <= float transitions))

    /// "26 policies in equal shares, hopper-gail-trpo-0000 to hopper-gail-trpo-0500 (a policy file, drawn actions, noise 0)".
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

    /// What the data are, in words that go on a sentence: "acted in hopper-v4 by …, seed 0". Nothing where the file does not say.
    let words (origin: DataOrigin) : string =
        let place =
            origin.Task |> Option.map (fun task -> $" in {task}") |> Option.defaultValue ""

        let seed =
            origin.Seed
            |> Option.map (fun seed -> $", seed {seed}")
            |> Option.defaultValue ""

        match origin.Policies, origin.Collected with
        | [], false -> ""
        | [], true -> $"collected{place} by the task's own recipe{seed}"
        | policies, _ -> $"collected{place} by {actors policies}{seed}"

    /// How many of the file's rows were learned from: "399 000 of 400 000 transitions".
    let share (transitions: int64) (origin: DataOrigin) : string =
        if transitions = origin.Rows then
            $"{thousands transitions} transitions"
        else
            $"{thousands transitions} of {thousands origin.Rows} transitions"
