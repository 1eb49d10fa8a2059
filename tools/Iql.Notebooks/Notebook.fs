namespace Iql.Notebooks

open System
open System.IO
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Json.Nodes

/// What a cell printed or showed, as nbformat 4 stores it.
type Output =
    /// Text on standard output or standard error.
    | Printed of name: string * text: string
    /// One value in several forms, by MIME type.
    | Shown of (string * JsonNode) list
    /// Where a cell stopped.
    | Failed of message: string

/// A .ipynb file: JSON (nbformat 4) whose texts are arrays of lines.
module Notebook =

    let private options =
        JsonSerializerOptions(
            WriteIndented = true,
            IndentSize = 1,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
        )

    /// Text as nbformat keeps it on disk: an array of lines, each with its line end.
    let lines (text: string) : JsonNode =
        let parts = text.Replace("\r\n", "\n").Split '\n'

        JsonArray [|
            for i, part in Array.indexed parts do
                if i < parts.Length - 1 then
                    JsonValue.Create(part + "\n") :> JsonNode
                elif part <> "" then
                    JsonValue.Create part
        |]

    let private text (node: JsonNode) : string =
        match node with
        | null -> ""
        | :? JsonArray as parts ->
            String.concat "" [ for part in parts -> if isNull part then "" else part.GetValue<string>() ]
        | node -> node.GetValue<string>()

    /// Reads a notebook; says what is wrong with a file that is none.
    let load (path: string) : JsonObject =
        if not (File.Exists path) then
            raise (FileNotFoundException $"{path}: expected a notebook, found no such file.")

        try
            match JsonNode.Parse(File.ReadAllText path) with
            | :? JsonObject as notebook when (notebook["cells"] :? JsonArray) -> notebook
            | _ -> raise (InvalidDataException $"{path}: expected a notebook of nbformat 4 with a list 'cells'.")
        with :? JsonException as error ->
            raise (InvalidDataException($"{path}: expected JSON, but {error.Message}", error))

    /// Writes a notebook under a temporary name, then renames it.
    let save (path: string) (notebook: JsonObject) : unit =
        let draft = path + ".part"
        File.WriteAllText(draft, notebook.ToJsonString options + "\n")
        File.Move(draft, path, true)

    /// The code cells with their number among all cells, counted from 1.
    let codeCells (notebook: JsonObject) : (int * JsonObject) list = [
        for i, cell in Seq.indexed (notebook["cells"].AsArray()) do
            match cell with
            | :? JsonObject as cell when text cell["cell_type"] = "code" -> i + 1, cell
            | _ -> ()
    ]

    /// A cell's source. Lines such as "#!fsharp" choose a kernel and are blanked, so that line numbers stay.
    let source (cell: JsonObject) : string =
        (text cell["source"]).Split '\n'
        |> Array.map (fun line -> if line.StartsWith "#!" then "" else line)
        |> String.concat "\n"

    let private pair (key: string) (node: JsonNode) =
        Collections.Generic.KeyValuePair<string, JsonNode>(key, node)

    let private encode (output: Output) : JsonNode =
        match output with
        | Printed(name, text) ->
            JsonObject [
                pair "name" (JsonValue.Create name)
                pair "output_type" (JsonValue.Create "stream")
                pair "text" (lines text)
            ]
        | Shown bundle ->
            JsonObject [
                pair "data" (JsonObject [ for mime, node in bundle -> pair mime (node.DeepClone()) ])
                pair "metadata" (JsonObject())
                pair "output_type" (JsonValue.Create "display_data")
            ]
        | Failed message ->
            JsonObject [
                pair "ename" (JsonValue.Create "Error")
                pair "evalue" (JsonValue.Create message)
                pair "output_type" (JsonValue.Create "error")
                pair "traceback" (lines message)
            ]

    /// Puts a cell's outputs in place of those it had.
    let store (number: int) (outputs: Output list) (cell: JsonObject) : unit =
        cell["execution_count"] <- JsonValue.Create number
        cell["outputs"] <- JsonArray [| for output in outputs -> encode output |]
