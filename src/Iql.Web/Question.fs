namespace Iql.Web

open System
open System.Text.Json
open Iql.Scripts

/// What a client asks: observations, row after row.
type Question = {
    Numbers: float32[]
    Rows: int
    /// Whether it is "observations", so that the answer is a list of actions.
    Batch: bool
    /// Whether numbers go by their names.
    Named: bool
    Episode: string option
    Reward: float option
}

/// Reads JSON. What is wrong is an Error in our words.
module Question =

    let private shown (value: JsonElement) : string = Plural.short (value.GetRawText())

    let private number (place: string) (value: JsonElement) : Result<float32, string> =
        if value.ValueKind <> JsonValueKind.Number then
            Error $"{place}: expected a number, got {shown value}."
        elif not (Single.IsFinite(value.GetSingle())) then
            Error $"{place}: expected a number of float32, got {shown value}."
        else
            Ok(value.GetSingle())

    let private byName (sliders: Slider list) (place: string) (value: JsonElement) : Result<float32 list, string> =
        let known = [ for slider in sliders -> slider.Name ]
        let given = [ for property in value.EnumerateObject() -> property.Name ]

        match given |> List.tryFind (fun name -> not (List.contains name known)), List.except given known with
        | Some other, _ ->
            Error $"{place}: expected the names of /metadata, got '{other}'.{Spelling.didYouMean known other}"
        | None, missing :: _ -> Error $"{place}: expected {known.Length} numbers, got none for '{missing}'."
        | None, [] -> known |> Attempt.each (fun name -> number $"{place} {name}" (value.GetProperty name))

    let private row (sliders: Slider list) (place: string) (value: JsonElement) : Result<float32 list, string> =
        match value.ValueKind with
        | JsonValueKind.Object -> byName sliders place value
        | JsonValueKind.Array when value.GetArrayLength() = sliders.Length ->
            List.zip sliders (List.ofSeq (value.EnumerateArray()))
            |> Attempt.each (fun (slider, value) -> number $"{place} {slider.Name}" value)
        | JsonValueKind.Array -> Error $"{place}: expected {sliders.Length} numbers, got {value.GetArrayLength()}."
        | _ -> Error $"{place}: expected {sliders.Length} numbers, as a list or by name, got {shown value}."

    let private rows (sliders: Slider list) (most: int) (value: JsonElement) : Result<float32 list list, string> =
        if value.ValueKind <> JsonValueKind.Array then
            Error $"observations: expected a list of rows, got {shown value}."
        elif value.GetArrayLength() < 1 || value.GetArrayLength() > most then
            Error $"observations: expected 1 to {most} rows, got {value.GetArrayLength()}."
        else
            List.indexed (List.ofSeq (value.EnumerateArray()))
            |> Attempt.each (fun (i, value) -> row sliders $"observations[{i}]" value)

    let private words = [ "observation"; "observations"; "episode"; "reward" ]

    let private read (sliders: Slider list) (most: int) (root: JsonElement) : Result<Question, string> =
        let find (name: string) =
            match root.TryGetProperty name with
            | true, value -> Some value
            | _ -> None

        let text (value: JsonElement) =
            match value.ValueKind with
            | JsonValueKind.String when value.GetString().Length <= 64 -> Ok(value.GetString())
            | _ -> Error $"episode: expected a name of at most 64 letters, got {shown value}."

        let optional (name: string) (convert: JsonElement -> Result<'value, string>) =
            match find name with
            | None -> Ok None
            | Some value -> convert value |> Result.map Some

        let question (batch: bool) (named: bool) (rows: float32 list list) = result {
            let! episode = optional "episode" text
            let! reward = optional "reward" (number "reward")

            return {
                Numbers = rows |> List.concat |> Array.ofList
                Rows = rows.Length
                Batch = batch
                Named = named
                Episode = episode
                Reward = reward |> Option.map float
            }
        }

        let isNamed (value: JsonElement) = value.ValueKind = JsonValueKind.Object

        let unknown =
            [ for property in root.EnumerateObject() -> property.Name ]
            |> List.tryFind (fun name -> not (List.contains name words))

        match unknown, find "observation", find "observations" with
        | Some name, _, _ ->
            Error $"expected observation or observations, got '{name}'.{Spelling.didYouMean words name}"
        | None, Some one, None ->
            row sliders "observation" one |> Result.bind (List.singleton >> question false (isNamed one))
        | None, None, Some many ->
            rows sliders most many |> Result.bind (question true (Seq.forall isNamed (many.EnumerateArray())))
        | None, Some _, Some _ -> Error "expected observation or observations, got both."
        | None, None, None -> Error "expected observation or observations, got neither."

    /// The question of a body. `most` is the largest batch.
    let ofBody (sliders: Slider list) (most: int) (body: ReadOnlyMemory<byte>) : Result<Question, string> =
        try
            use document = JsonDocument.Parse body

            if document.RootElement.ValueKind <> JsonValueKind.Object then
                Error $"expected a JSON object with observation or observations, got {shown document.RootElement}."
            else
                read sliders most document.RootElement
        with :? JsonException as error ->
            Error $"expected JSON, got none: {error.Message}"
