/// The description of the service for programs that read OpenAPI 3.1.
module Iql.Web.OpenApi

open System.Text.Json.Nodes
open Iql
open Iql.Scripts

let private text (words: string) : JsonNode = JsonValue.Create<string> words
let private number (value: float) : JsonNode = JsonValue.Create value
let private list (item: JsonNode) : (string * JsonNode) list = [ "type", text "array"; "items", item ]

let private json (schema: JsonNode) : JsonNode = Json.object [ "application/json", Json.object [ "schema", schema ] ]

let private answers (good: JsonNode) (others: (int * string) list) : JsonNode =
    let error =
        Json.object [
            "type", text "object"
            "properties", Json.object [ "error", Json.object [ "type", text "string" ] ]
        ]

    Json.object [
        yield "200", Json.object [ "description", text "The answer."; "content", json good ]
        for code, words in others do
            let content = json (error.DeepClone())
            yield string code, Json.object [ "description", text words; "content", content ]
    ]

let private row (sliders: Slider list) : JsonNode =
    let word (slider: Slider) = if isNull slider.Unit then slider.Name else $"{slider.Name} [{slider.Unit}]"
    let names = sliders |> List.map word |> String.concat ", "
    let single = Json.object [ "type", text "number" ]

    Json.object [
        "type", text "array"
        "items", single
        "minItems", JsonValue.Create sliders.Length
        "maxItems", JsonValue.Create sliders.Length
        "description", text $"The numbers of an observation, in the data's units: {names}. Or an object by these names."
        "examples", JsonArray(JsonArray [| for slider in sliders -> number slider.Start |])
    ]

/// The whole description.
let describe (served: Served) : string =
    let policy = served.Policy
    let single = Json.object [ "type", text "number" ]

    let action () =
        if policy.Actions.IsDiscrete then
            Json.object [
                "type", text "integer"
                "minimum", number 0.0
                "maximum", number (float policy.Actions.Size - 1.0)
            ]
        else
            Json.object (list (single.DeepClone()) @ [ "description", text (String.concat ", " served.Actions) ])

    let asked =
        Json.object [
            "type", text "object"
            "properties",
            Json.object [
                "observation", row served.Sliders
                "observations", Json.object (list (row served.Sliders))
                "episode",
                Json.object [ "type", text "string"; "description", text "For policies that remember: a name." ]
                "reward", Json.object [ "type", text "number"; "description", text "What its last decision brought." ]
            ]
        ]

    let answered =
        Json.object [
            "type", text "object"
            "properties", Json.object [ "action", action (); "actions", Json.object (list (action ())) ]
        ]

    let get (words: string) : JsonNode =
        Json.object [
            "get",
            Json.object [ "summary", text words; "responses", answers (Json.object [ "type", text "object" ]) [] ]
        ]

    let act =
        Json.object [
            "summary", text "The policy's action for an observation, or for each of several."
            "requestBody", Json.object [ "required", JsonValue.Create true; "content", json asked ]
            "responses",
            answers answered [
                400, "What is wrong with the request."
                413, "The body is too large."
                415, "The body is not application/json."
                429, "Too many requests in this second."
            ]
        ]

    Json.object [
        "openapi", text "3.1.0"
        "info",
        Json.object [
            "title", text $"{policy.Config.Algorithm} on {policy.Config.Dataset.Name}"
            "version", text Version.text
        ]
        "paths",
        Json.object [
            "/act", Json.object [ "post", act ]
            "/health", get "Whether it serves, counts and latencies."
            "/metadata", get "The policy, its columns, units, ranges and limits."
        ]
    ]
    |> Json.text
