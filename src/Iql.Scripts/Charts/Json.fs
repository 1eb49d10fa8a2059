namespace Iql.Scripts

open System
open System.Globalization
open System.IO
open System.Text
open System.Text.Json

/// A JSON value. Fields keep their order, so the same value is always written to the same bytes.
[<RequireQualifiedAccess>]
type Json =
    | Null
    | Bool of bool
    | Number of float
    | Text of string
    | List of Json list
    | Object of (string * Json) list

/// Writing and changing JSON values.
[<RequireQualifiedAccess>]
module Json =

    let private appendText (builder: StringBuilder) (text: string) =
        builder.Append '"' |> ignore

        for c in text do
            match c with
            | '"' -> builder.Append "\\\""
            | '\\' -> builder.Append "\\\\"
            | '\n' -> builder.Append "\\n"
            | '\r' -> builder.Append "\\r"
            | '\t' -> builder.Append "\\t"
            | c when c < ' ' || c = '\u2028' || c = '\u2029' -> builder.Append("\\u").Append((int c).ToString "x4")
            | c -> builder.Append c
            |> ignore

        builder.Append '"' |> ignore

    let rec private append (builder: StringBuilder) (json: Json) : unit =
        let separated (items: 'T list) (each: 'T -> unit) =
            items
            |> List.iteri (fun i item ->
                if i > 0 then
                    builder.Append ',' |> ignore

                each item)

        match json with
        | Json.Null -> builder.Append "null" |> ignore
        | Json.Bool value -> builder.Append(if value then "true" else "false") |> ignore
        | Json.Number value when Double.IsFinite value -> builder.Append(string value) |> ignore
        | Json.Number _ -> builder.Append "null" |> ignore
        | Json.Text value -> appendText builder value
        | Json.List items ->
            builder.Append '[' |> ignore
            separated items (append builder)
            builder.Append ']' |> ignore
        | Json.Object fields ->
            builder.Append '{' |> ignore

            separated fields (fun (name, value) ->
                appendText builder name
                builder.Append ':' |> ignore
                append builder value)

            builder.Append '}' |> ignore

    /// JSON text on one line. Numbers that are not finite become null, which JSON has no other word for.
    let write (json: Json) : string =
        let builder = StringBuilder()
        append builder json
        builder.ToString()

    /// JSON text that may stand inside an HTML script element: "&lt;/" and "&lt;!" are escaped, so nothing can end it.
    let writeForHtml (json: Json) : string =
        (write json).Replace("</", "<\\/").Replace("<!", "\\u003c!")

    /// The fields of an object; of anything else none.
    let fields (json: Json) : (string * Json) list =
        match json with
        | Json.Object fields -> fields
        | _ -> []

    /// The items of a list; of anything else none.
    let items (json: Json) : Json list =
        match json with
        | Json.List items -> items
        | _ -> []

    /// The value of a field, or None where it is absent or null.
    let tryField (name: string) (json: Json) : Json option =
        fields json
        |> List.tryFind (fun (key, value) -> key = name && value <> Json.Null)
        |> Option.map snd

    /// The value of a field, or null.
    let field (name: string) (json: Json) : Json =
        tryField name json |> Option.defaultValue Json.Null

    /// The number this value is, if it is one.
    let asNumber (json: Json) : float option =
        match json with
        | Json.Number value -> Some value
        | _ -> None

    /// The number in a field, or None.
    let number (name: string) (json: Json) : float option =
        tryField name json |> Option.bind asNumber

    /// The text in a field, or None.
    let text (name: string) (json: Json) : string option =
        match field name json with
        | Json.Text value -> Some value
        | _ -> None

    /// The numbers in a list field; entries that are no numbers are left out.
    let numbers (name: string) (json: Json) : float list =
        field name json |> items |> List.choose asNumber

    /// Numbers as a JSON list; what is not finite is null.
    let ofNumbers (values: float seq) : Json =
        Json.List [
            for value in values ->
                if Double.IsFinite value then
                    Json.Number value
                else
                    Json.Null
        ]

    /// Texts as a JSON list.
    let ofTexts (values: string seq) : Json =
        Json.List [ for value in values -> Json.Text value ]

    let private setField (name: string) (value: Json) (json: Json) : Json =
        let fields = fields json

        if fields |> List.exists (fun (key, _) -> key = name) then
            Json.Object [ for key, each in fields -> key, (if key = name then value else each) ]
        else
            Json.Object(fields @ [ name, value ])

    /// The object with the value at a dotted path ("xaxis.title.text") set; objects on the way are made as needed.
    let rec set (path: string) (value: Json) (json: Json) : Json =
        match path.IndexOf '.' with
        | -1 -> setField path value json
        | dot -> setField path[.. dot - 1] (set path[dot + 1 ..] value (field path[.. dot - 1] json)) json

    /// One object laid over another: fields of `over` win, objects are merged field by field.
    let rec merge (under: Json) (over: Json) : Json =
        match under, over with
        | Json.Object _, Json.Object fields ->
            (under, fields)
            ||> List.fold (fun whole (name, value) -> setField name (merge (field name whole) value) whole)
        | _ -> over
