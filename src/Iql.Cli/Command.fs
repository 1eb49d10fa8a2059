namespace Iql.Cli

open Iql.Scripts

open System

/// An option or a positional argument. The same row reads the command line and prints the help.
type Parameter<'settings> = {
    /// "--expectile", or "FILE" for a positional argument.
    Name: string
    /// Other spellings. The help shows the short ones, such as "-o".
    Aliases: string list
    /// The value in the help, "TAU"; empty for a switch.
    Value: string
    /// One sentence, no full stop.
    Doc: string
    /// Its heading in the help.
    Group: string
    /// The default in the help; empty shows none.
    Default: string
    /// Whether it may be given several times.
    Repeats: bool
    /// Puts the value into the settings; an error says which value was expected.
    Set: string -> 'settings -> Result<'settings, string>
}

/// A subcommand.
type Command = {
    /// "data inspect"
    Name: string
    /// One line for the list of commands.
    Purpose: string
    /// The help page for the other words of its line: "all", or options that change defaults.
    Help: string list -> string
    /// Its options as the help names them.
    Options: string list
    /// Command lines of its help, as a user types them.
    Examples: string list
    /// Reads the arguments; a Refusal says what is wrong with them.
    Check: string list -> unit
    /// Reads the arguments and runs; gives the exit code.
    Run: string list -> int
}

/// Builds the rows of a command's table.
module Parameter =

    /// A row by its heading in the help: "-o, --output FILE", a switch "--all", or a positional argument "FILE".
    let value
        (heading: string)
        (doc: string)
        (read: string -> Result<'value, string>)
        (set: 'value -> 'settings -> 'settings)
        : Parameter<'settings> =
        let names = heading.Split ", " |> List.ofArray |> List.rev
        let name = names.Head.Split ' '

        {
            Name = name[0]
            Aliases = names.Tail
            Value = String.concat " " name[1..]
            Doc = doc
            Group = "Options"
            Default = ""
            Repeats = false
            Set = fun word settings -> read word |> Result.map (fun value -> set value settings)
        }

    /// A row that takes any text.
    let text heading doc set : Parameter<'settings> = value heading doc Read.text set

    /// A row that takes one of a few words, each with its meaning.
    let choice name (meanings: (string * 'value) list) doc set : Parameter<'settings> =
        let words = List.map fst meanings

        let meaning word = meanings |> List.find (fst >> (=) word) |> snd

        value $"""{name} {String.concat "|" words}""" doc (Read.oneOf words >> Result.map meaning) set

    /// A switch, off unless named.
    let switch name doc (set: 'settings -> 'settings) : Parameter<'settings> =
        value name doc (fun _ -> Ok()) (fun () -> set)

    /// The argument TASK.
    let task set : Parameter<'settings> = text "TASK" "A task; `iql tasks` lists them" set

    /// The row with its default shown.
    let showing shown (row: Parameter<'settings>) : Parameter<'settings> = { row with Default = shown }

    /// The row under further names, which the help does not show.
    let alias names (row: Parameter<'settings>) : Parameter<'settings> = { row with Aliases = row.Aliases @ names }

    /// The option of the file to write.
    let output doc set : Parameter<'settings> = text "-o, --output FILE" doc set |> alias [ "--out" ]

    /// The difference that matters to the reader; `set` stores it.
    let difference set : Parameter<'settings> =
        value
            "--difference POINTS"
            "A difference of scores that matters to you: the report says how many seeds find it"
            Read.positive
            set
        |> showing "10 points, or a tenth of the range of returns"

    /// The row, which may be given several times.
    let repeated (row: Parameter<'settings>) : Parameter<'settings> = { row with Repeats = true }

    /// A row of settings that are a part of larger settings.
    let within (pick: 'whole -> 'part) (put: 'part -> 'whole -> 'whole) (row: Parameter<'part>) : Parameter<'whole> = {
        Name = row.Name
        Aliases = row.Aliases
        Value = row.Value
        Doc = row.Doc
        Group = row.Group
        Default = row.Default
        Repeats = row.Repeats
        Set = fun word whole -> row.Set word (pick whole) |> Result.map (fun part -> put part whole)
    }

    /// Rows under one heading of the help.
    let grouped (heading: string) (rows: Parameter<'settings> list) : Parameter<'settings> list =
        rows |> List.map (fun row -> { row with Group = heading })

/// Reads arguments and prints help.
module Command =

    /// Refuses the request with a message; exit code 2.
    let refuse (message: string) : 'nothing = raise (Refusal message)

    /// The value, or a refusal that says why there is none.
    let orRefuse (result: Result<'value, string>) : 'value = Result.defaultWith refuse result

    let private isOption (word: string) =
        word.Length > 1 && word[0] = '-' && not (Char.IsAsciiDigit word[1] || word[1] = '.')

    /// Folds a command line into settings.
    let read
        (options: Parameter<'settings> list)
        (places: Parameter<'settings> list)
        (words: string list)
        (settings: 'settings)
        : 'settings =
        let apply (parameter: Parameter<'settings>) word settings =
            match parameter.Set word settings with
            | Ok settings -> settings
            | Error expected -> refuse $"{parameter.Name}: expected {expected}, got '{Plural.short word}'."

        let rec go words places given settings =
            match words with
            | [] ->
                match places with
                | ({ Default = "" } as missing) :: _ -> refuse $"expected {missing.Name} ({missing.Doc}), got nothing."
                | _ -> settings
            | (word: string) :: rest when isOption word ->
                let parts = word.Split('=', 2)
                let name = parts[0]
                let inlineValue = Array.tryItem 1 parts

                let names (option: Parameter<'settings>) = option.Name :: option.Aliases

                match List.tryFind (names >> List.contains name) options with
                | None ->
                    let known = List.collect names options
                    refuse $"unknown option {name}.{Hints.forOption known name}"
                | Some option when List.contains option.Name given && not option.Repeats ->
                    refuse $"{option.Name}: given twice. Remove one of them."
                | Some option ->
                    let given = option.Name :: given

                    match option.Value, inlineValue, rest with
                    | "", None, _ -> apply option "" settings |> go rest places given
                    | "", Some value, _ -> refuse $"{option.Name}: takes no value, got '{value}'."
                    | _, Some value, _ -> apply option value settings |> go rest places given
                    | _, None, value :: rest when not (isOption value) ->
                        apply option value settings |> go rest places given
                    | hint, None, _ -> refuse $"{option.Name}: expected a value ({hint}: {option.Doc}), got nothing."
            | word :: rest ->
                match places with
                | place :: others ->
                    // Of a place that repeats, further words are welcome, not missing.
                    let places = if place.Repeats then { place with Default = "none" } :: others else others
                    apply place word settings |> go rest places given
                | [] -> refuse $"unexpected argument '{word}'."

        go words places [] settings

    let private wrap (width: int) (text: string) : string list =
        let folder (lines: string list) (word: string) =
            match lines with
            | line :: earlier when line = "" -> word :: earlier
            | line :: earlier when line.Length + 1 + word.Length <= width -> (line + " " + word) :: earlier
            | _ -> word :: lines

        ([ "" ], text.Split ' ')
        ||> Array.fold folder
        |> List.rev
        |> List.map (fun line -> line.Replace('\u00a0', ' '))

    /// Two columns: names of a width, and wrapped texts; a longer name has its own line.
    let private columns (left: int) (rows: (string * string) list) : string list = [
        for name, doc in rows do
            let lines = wrap (96 - left) doc
            let fits = name.Length <= left

            if not fits then
                yield "  " + name

            for i, line in List.indexed lines do
                yield "  " + (if i = 0 && fits then name else "").PadRight left + "  " + line
    ]

    let private widest (names: string list) =
        (0, names)
        ||> List.fold (fun widest name -> if name.Length > 32 then widest else max widest name.Length)

    /// Names and their texts in two columns.
    let table (rows: (string * string) list) : string list = columns (widest (List.map fst rows)) rows

    /// Prints lines to standard output.
    let print (lines: string seq) : unit = lines |> Seq.iter (printfn "%s")

    let private shown (parameter: Parameter<'settings>) =
        parameter.Name :: List.filter (fun alias -> not (alias.StartsWith "--")) parameter.Aliases

    let private heading (parameter: Parameter<'settings>) =
        let names = shown parameter |> List.rev |> String.concat ", "

        $"{names} {parameter.Value}".TrimEnd()

    let private described (parameter: Parameter<'settings>) =
        if parameter.Default = "" then
            parameter.Doc
        else
            // Blanks that do not break keep a default on one line.
            parameter.Doc + " " + $"[default: {parameter.Default}]".Replace(' ', '\u00a0')

    let private page
        name
        purpose
        detail
        (places: Parameter<'settings> list)
        options
        (note: string)
        (examples: (string * string) list)
        : string =
        let usage =
            String.concat " " [
                yield "iql " + name
                for place in places do
                    let name = if place.Repeats then place.Name + "..." else place.Name
                    yield (if place.Default = "" then name else $"[{name}]")
            ]

        let options = options @ Parameter.grouped "Other" [ Parameter.switch "-h, --help" "Show this page" id ]

        let left = widest [ for option in options -> heading option ]

        String.concat "\n" [
            yield $"iql {name}: {purpose}"
            yield ""
            yield $"Usage: {usage} [options]"
            if detail <> "" then
                yield ""

                for paragraph: string in detail.Split '\n' do
                    yield! wrap 98 paragraph
            if not places.IsEmpty then
                yield ""
                yield "Arguments:"
                yield! table [ for place in places -> place.Name, described place ]
            for group, rows in options |> List.groupBy _.Group do
                yield ""
                yield $"{group}:"
                yield! columns left [ for row in rows -> heading row, described row ]
            if note <> "" then
                yield ""

                for paragraph: string in note.Split '\n' do
                    yield! wrap 98 paragraph
            if not examples.IsEmpty then
                yield ""
                yield "Examples:"

                for line, meaning in examples do
                    yield $"  {line}"
                    yield $"      {meaning}"
        ]

    /// A command with more options than its help shows at first: `helped` gives the rows and a note for the other
    /// words of a line with --help. `detail` is prose between usage and options; lines may be long.
    let createLarge
        (name: string)
        (purpose: string)
        (detail: string)
        (places: Parameter<'settings> list)
        (options: Parameter<'settings> list)
        (helped: string list -> Parameter<'settings> list * string)
        (examples: (string * string) list)
        (defaults: 'settings)
        (run: 'settings -> int)
        : Command = {
        Name = name
        Purpose = purpose
        Help =
            fun words ->
                let rows, note = helped words
                page name purpose detail places rows note examples
        Options = options |> List.collect shown
        Examples = List.map fst examples
        Check = fun words -> read options places words defaults |> ignore
        Run = fun words -> read options places words defaults |> run
    }

    /// A command of its table, whose help shows all options.
    let create name purpose detail places (options: Parameter<'settings> list) examples defaults run : Command =
        createLarge name purpose detail places options (fun _ -> options, "") examples defaults run
