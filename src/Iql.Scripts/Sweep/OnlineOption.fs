namespace Iql.Scripts

open System
open System.Globalization
open System.Text.RegularExpressions
open Iql
open Iql.Training.Online

/// An option of the online phase: the row that its option, its axis and its name in messages follow from.
type OnlineOption = {
    /// "dataShare": the name of its axis, and of its option, --data-share.
    Name: string
    /// What a value is called in the help.
    Hint: string
    /// The word for no value, which is the default; empty where there is always one.
    Otherwise: string
    /// A value out of its word; an Error says what was expected.
    Read: string -> Result<obj, string>
    /// One sentence, no full stop.
    Doc: string
}

/// The options of the online phase, by name.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module OnlineOption =

    let private row name hint otherwise read doc =
        let orNone (word: string) =
            match read word with
            | _ when word = otherwise -> Ok null
            | Error expected when otherwise <> "" -> Error $"{expected} or {otherwise}"
            | value -> Result.map box value

        { Name = name; Hint = hint; Otherwise = otherwise; Read = orNone; Doc = doc }

    let private whole name hint otherwise least = row name hint otherwise (Read.whole least >> Result.map int64)

    /// A row of the words of a type.
    let private choice name (choice: Type) =
        let words = [ for value in Enum.GetValues choice -> (string value).ToLowerInvariant(), value ]
        let meaning word = words |> List.find (fst >> (=) word) |> snd
        let names = List.map fst words
        row name (String.concat "|" names) "" (Read.oneOf names >> Result.map meaning)

    /// Every option, in the order of the help.
    let all: OnlineOption list = [
        whole "offlineSteps" "N" "" 0 "Updates from the data alone; 20k is 20000, 0 is none"
        whole "onlineSteps" "N" "" 1 "Decisions in the environment after --steps"
        "Updates per decision, a number in (0, 1000]; 0.5 is one after every second decision"
        |> row "updatesPerStep" "U" "" (Read.numberWhere "a number in (0, 1000]" (fun x -> x > 0.0 && x <= 1000.0))
        whole "firstUpdateAfter" "N" "" 0 "Decisions before the first online update"
        choice "turns" typeof<Turns> "What comes before its updates: single decisions, or a whole episode"
        "Share of each batch from the data, a number in [0, 1); 0 is acting alone, none is one buffer of both"
        |> row "dataShare" "SHARE" "none" (Read.numberWhere "a number in [0, 1)" (fun x -> x >= 0.0 && x < 1.0))
        "Rows that the buffer holds, of data and acting, or with --data-share of acting; the oldest go first"
        |> whole "capacity" "ROWS" "all" 1
        whole "dataRows" "ROWS" "all" 1 "A random part of the data, in both phases"
        "The actions taken: draws of the policy, or those that are evaluated"
        |> choice "onlineActing" typeof<ActingChoice>
        "Deviation of normal noise on the actions taken, a number of at least 0"
        |> row "actingNoise" "SIGMA" "" (Read.atLeast 0.0)
        "Bound of that noise, plus and minus, a number above 0, or none"
        |> row "actingNoiseClip" "LIMIT" "none" Read.positive
        whole "randomSteps" "N" "" 0 "First decisions, with uniform actions"
        "Learning rates: constant in both phases, or with schedules that end at the switch"
        |> choice "onlineSchedule" typeof<OnlineSchedule>
        "Whether optimizers begin anew at the switch"
        |> row "resetOptimizers" "yes|no" "" (Read.oneOf [ "yes"; "no" ] >> Result.map ((=) "yes"))
        "Cal-QL's lower bound online: kept, with returns of acting's episodes too, or off"
        |> choice "onlineCalibration" typeof<OnlineCalibration>
        "0 acts, then updates; 1 acts at the same time, with the parameters before the update"
        |> row "actingLag" "0|1" "" (Read.oneOf [ "0"; "1" ] >> Result.map int)
    ]

    /// The option of a name, where it is one.
    let find (name: string) : OnlineOption option = all |> List.tryFind (fun option -> option.Name = name)

    /// Its name on the command line: "--data-share".
    let word (option: OnlineOption) : string =
        let name = if option.Name = "offlineSteps" then "steps" else option.Name
        "--" + Regex.Replace(name, "[A-Z]", "-$0").ToLowerInvariant()

    /// The property of FineTuning: DataShare, and Acting of "onlineActing".
    let property (option: OnlineOption) : string =
        let name = option.Name.Substring(0, 1).ToUpperInvariant() + option.Name.Substring 1
        if isNull (typeof<FineTuning>.GetProperty name) then name.Replace("Online", "") else name

    /// A value as the word that is read back.
    let print (option: OnlineOption) (value: obj) : string =
        match value with
        | null -> option.Otherwise
        | :? Enum -> (string value).ToLowerInvariant()
        | :? bool as yes -> if yes then "yes" else "no"
        | value -> Convert.ToString(value, CultureInfo.InvariantCulture)

    /// A value out of a value or a word; an ArgumentException where it is none.
    let value (option: OnlineOption) (given: obj) : obj =
        let wrong expected = raise (InputException $"{option.Name}: expected {expected}, got {print option given}.")

        print option given |> option.Read |> Result.defaultWith wrong

    /// The value of a phase, as a word.
    let show (option: OnlineOption) (online: FineTuning) : string =
        typeof<FineTuning>.GetProperty(property option).GetValue online |> print option

    /// A trial with a value of the option. A trial that does not go on online is an ArgumentException.
    let set (option: OnlineOption) (given: obj) (trial: Trial) : Trial =
        match trial.Online with
        | Some online -> trial |> Trial.withOnline (online.With(property option, value option given))
        | None ->
            let mend = "Make it one: Trial.goingOnline."
            raise (InputException $"{option.Name}: expected a trial that goes on online, got another. {mend}")
