namespace Iql.Scripts

open System.IO
open System.Text.Json
open System.Text.Json.Nodes
open Iql.Data

/// A plan as JSON, for people to write too: numbers may stand for words, and all but "format" may be left out.
[<RequireQualifiedAccess>]
module PlanFile =

    /// Name and version of the format.
    let format = "iql-plan-1"

    /// Where a sweep's folder has its plan.
    let pathIn (folder: string) : string = Path.Combine(folder, "plan.json")

    let private modes = [ "d4rl", DatasetMode.D4rlParity; "strict", DatasetMode.Strict ]

    let private refuse expected (got: JsonElement) =
        raise (Refusal $"expected {expected}, got {Plural.short (got.GetRawText())}.")

    let private word (element: JsonElement) : string =
        match element.ValueKind with
        | JsonValueKind.String -> element.GetString()
        | JsonValueKind.Number -> element.GetRawText()
        | JsonValueKind.True -> "true"
        | JsonValueKind.False -> "false"
        | _ -> refuse "a word or a number" element

    let private list (read: JsonElement -> 'value) (element: JsonElement) : 'value list =
        if element.ValueKind <> JsonValueKind.Array then
            refuse "a list" element

        [ for each in element.EnumerateArray() -> read each ]

    let private fields (read: JsonElement -> 'value) (element: JsonElement) : (string * 'value) list =
        if element.ValueKind <> JsonValueKind.Object then
            refuse "names and values in { }" element

        [ for field in element.EnumerateObject() -> field.Name, read field.Value ]

    let private known (names: string list) (what: string) (given: (string * 'value) list) : unit =
        for name, _ in given do
            if not (List.contains name names) then
                raise (
                    Refusal
                        $"{what}: expected some of {Plural.listed names}, got {name}.{Spelling.didYouMean names name}"
                )

    /// One of the task's own data, or a file: "hopper-medium-v2", {"file": "mine.npz", "task": …, "mode": "strict"}.
    let private source (element: JsonElement) : DataSource =
        if element.ValueKind = JsonValueKind.String then
            DataSource.Task(element.GetString(), None)
        else
            let given = fields word element
            known [ "file"; "task"; "mode"; "transitions" ] "data" given
            let find name = given |> List.tryFind (fst >> (=) name) |> Option.map snd

            let read name reader =
                find name
                |> Option.map (reader >> Result.defaultWith (fun expected -> refuse $"{name}: {expected}" element))

            match find "file", find "task" with
            | Some path, task ->
                let mode =
                    read "mode" (Read.oneOf (List.map fst modes))
                    |> Option.map (fun word -> List.find (fst >> (=) word) modes |> snd)

                DataSource.File(path, mode, task)
            | None, Some task -> DataSource.Task(task, read "transitions" (Read.whole 1000))
            | None, None -> refuse "a task or a file" element

    let private seeds (element: JsonElement) : int list =
        let text =
            if element.ValueKind = JsonValueKind.Array then
                list word element |> String.concat ","
            else
                word element

        Read.seeds text |> Result.defaultWith (fun expected -> refuse expected element)

    let private number least element =
        Read.whole least (word element) |> Result.defaultWith (fun expected -> refuse expected element)

    let private halving (element: JsonElement) : Halving =
        let given = fields id element
        known [ "steps"; "keep" ] "halving" given

        match List.tryFind (fst >> (=) "steps") given, List.tryFind (fst >> (=) "keep") given with
        | Some(_, steps), Some(_, keep) -> { Steps = list (number 1) steps; Keep = number 2 keep }
        | _ -> refuse "steps and keep" element

    let private parse (text: string) : Plan =
        let given = fields id (JsonElement.Parse(text, JsonDocumentOptions(AllowTrailingCommas = true)))
        let names = [ "format"; "name"; "data"; "algorithms"; "axes"; "points"; "seeds"; "settings"; "last"; "halving" ]
        known names "fields" given

        let read name reader fallback =
            match given |> List.tryFind (fst >> (=) name) with
            | None -> fallback
            | Some(_, element) ->
                try
                    reader element
                with Refusal message ->
                    raise (Refusal $"{name}: {message}")

        let format' = read "format" word ""

        if format' <> format then
            raise (Refusal $"format: expected {format}, got {Plural.short format'}.")

        {
            Name = read "name" word Plan.standard.Name
            Data = read "data" (list source) Plan.standard.Data
            Algorithms = read "algorithms" (list word) Plan.standard.Algorithms
            Axes = read "axes" (fields (list word)) []
            Points = read "points" (list (fields word)) []
            Seeds = read "seeds" seeds Plan.standard.Seeds
            Settings = read "settings" (fields word) []
            Last = read "last" (number 1) 1
            Halving = read "halving" (halving >> Some) None
        }

    /// The plan of a file.
    let read (path: string) : Result<Plan, string> =
        let plan (text: string) =
            try
                parse text
            with :? JsonException as error ->
                let line = error.LineNumber.GetValueOrDefault() + 1L
                raise (Refusal $"expected a plan as JSON, got an error in line {line}.")

        if File.Exists path then
            Attempt.run (fun () -> File.ReadAllText path)
            |> Result.bind (fun text -> Attempt.run (fun () -> plan text) |> Result.mapError (sprintf "%s: %s" path))
        else
            Error $"{path}: expected a plan, found no such file."

    let private text (value: string) : JsonNode = JsonValue.Create value
    let private array (items: JsonNode list) : JsonNode = JsonArray(Array.ofList items)

    let private object (fields: (string * JsonNode) list) : JsonNode =
        let object = JsonObject()

        for name, value in fields do
            object.Add(name, value)

        object

    let private words (fields: (string * string) list) : JsonNode =
        object [ for name, word in fields -> name, text word ]

    let private sourceNode (source: DataSource) : JsonNode =
        match source with
        | DataSource.Task(name, None) -> text name
        | DataSource.Task(name, Some count) -> words [ "task", name; "transitions", string<int> count ]
        | DataSource.File(path, mode, task) ->
            words [
                yield "file", path
                yield! [ for task in Option.toList task -> "task", task ]
                yield! [ for mode in Option.toList mode -> "mode", modes |> List.find (snd >> (=) mode) |> fst ]
            ]
        | DataSource.Memory _ -> raise (Refusal "data: expected a task or a file, got rows in memory. Save them first.")

    /// Writes a plan in one move; the folder is made if need be.
    let write (path: string) (plan: Plan) : Result<unit, string> =
        Attempt.run (fun () ->
            let node =
                object [
                    "format", text format
                    "name", text plan.Name
                    "data", array (List.map sourceNode plan.Data)
                    "algorithms", array (List.map text plan.Algorithms)
                    "axes", object [ for name, values in plan.Axes -> name, array (List.map text values) ]
                    "points", array (List.map words plan.Points)
                    "seeds", array [ for seed in plan.Seeds -> JsonValue.Create seed ]
                    "settings", words plan.Settings
                    "last", JsonValue.Create plan.Last
                    for halving in Option.toList plan.Halving do
                        "halving",
                        object [
                            "steps", array [ for steps in halving.Steps -> JsonValue.Create steps ]
                            "keep", JsonValue.Create halving.Keep
                        ]
                ]

            let text = node.ToJsonString(JsonSerializerOptions(WriteIndented = true))
            AtomicFile.Write(path, (fun (temporary: string) -> File.WriteAllText(temporary, text + "\n"))))
