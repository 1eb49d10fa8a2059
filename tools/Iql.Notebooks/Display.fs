namespace Iql.Notebooks

open System
open System.Collections
open System.IO
open System.Reflection
open System.Text.Json.Nodes

/// Values in the forms a notebook shows. A type says how it looks by an attribute named TypeFormatterSourceAttribute, found by
/// its name alone (the convention of .NET Interactive), so that no library needs a reference to a notebook package.
module Display =

    let private property (name: string) (value: obj) : obj =
        match value.GetType().GetProperty name with
        | null -> null
        | property -> property.GetValue value

    /// MIME type and text for each formatter that a type's attribute leads to.
    let private byConvention (value: obj) : (string * string) list =
        let sourceTypes = [
            for attribute in value.GetType().GetCustomAttributes true do
                if attribute.GetType().Name = "TypeFormatterSourceAttribute" then
                    match property "FormatterSourceType" attribute with
                    | :? Type as sourceType -> sourceType
                    | _ -> ()
        ]

        [
            for sourceType in sourceTypes do
                let source = (Activator.CreateInstance sourceType)

                match ((sourceType.GetMethod "CreateTypeFormatters")).Invoke(source, [||]) with
                | :? IEnumerable as formatters ->
                    for formatter in Seq.cast<obj> formatters do
                        use writer = new StringWriter()

                        let format =
                            (formatter.GetType().GetMethod("Format", [| typeof<obj>; typeof<TextWriter> |]))

                        match format.Invoke(formatter, [| value; writer |]), property "MimeType" formatter with
                        | (:? bool as shown), (:? string as mime) when shown -> mime, writer.ToString()
                        | _ -> ()
                | _ -> ()
        ]

    let private node (mime: string) (text: string) : JsonNode =
        if mime.EndsWith "json" then
            (JsonNode.Parse text)
        else
            Notebook.lines text

    /// The forms of one value: those its type asks for, and always plain text.
    let bundle (value: obj) : (string * JsonNode) list =
        match byConvention value with
        | [] -> [
            "text/plain",
            Notebook.lines (
                match value with
                | :? string as text -> text
                | value -> sprintf "%A" value
            )
          ]
        | forms -> [
            for mime, text in List.distinctBy fst forms do
                yield mime, node mime text
            if not (List.exists (fun (mime, _) -> mime = "text/plain") forms) then
                yield "text/plain", Notebook.lines (value.GetType().Name)
          ]

/// What cells call while they run.
module Cell =

    let private shown = ResizeArray<Output>()

    let private capture = new StringWriter()

    let private flush () =
        if capture.GetStringBuilder().Length > 0 then
            shown.Add(Printed("stdout", capture.ToString()))
            capture.GetStringBuilder().Clear() |> ignore

    /// Shows a value here and now.
    let display (value: obj) : unit =
        flush ()
        shown.Add(Shown(Display.bundle value))

    /// Runs a piece of work and hands back what it gave, printed and displayed, in order.
    let collect (work: unit -> 'result) : 'result * Output list =
        let console = Console.Out
        shown.Clear()
        Console.SetOut capture

        try
            let result = work ()
            flush ()
            result, List.ofSeq shown
        finally
            Console.SetOut console
