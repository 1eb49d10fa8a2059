/// JSON as values.
[<RequireQualifiedAccess>]
module Iql.Web.Json

open System.Collections.Generic
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Json.Nodes

let private plain = JsonSerializerOptions(Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

/// A value, with names as JSON has them.
let node (value: 'value) : JsonNode = JsonSerializer.SerializeToNode(value, JsonSerializerOptions.Web)

/// An object of names and values.
let object (entries: (string * JsonNode) list) : JsonNode =
    JsonObject [ for name, value in entries -> KeyValuePair(name, value) ]

/// As text, with quotation marks and letters as they are: it is never a part of a page.
let text (node: JsonNode) : string = node.ToJsonString plain

/// A list of values.
let list (items: JsonNode seq) : JsonNode = JsonArray(Array.ofSeq items)
