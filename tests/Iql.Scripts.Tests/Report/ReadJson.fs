/// Reading back what charts write.
module Iql.Scripts.Tests.ReadJson

open System.Text.Json
open Iql.Scripts

let rec private ofElement (element: JsonElement) : Json =
    match element.ValueKind with
    | JsonValueKind.Object -> Json.Object [ for p in element.EnumerateObject() -> p.Name, ofElement p.Value ]
    | JsonValueKind.Array -> Json.List [ for item in element.EnumerateArray() -> ofElement item ]
    | JsonValueKind.String -> Json.Text(element.GetString())
    | JsonValueKind.Number -> Json.Number(element.GetDouble())
    | JsonValueKind.True -> Json.Bool true
    | JsonValueKind.False -> Json.Bool false
    | _ -> Json.Null

/// The value that a text holds.
let parse (text: string) : Json = ofElement (JsonElement.Parse text)
