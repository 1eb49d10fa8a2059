namespace Iql.Scripts

open System
open System.Globalization
open System.IO
open System.IO.Compression
open Iql.Data

/// The curves of fine-tuning that CORL published, in a file: a row an evaluation.
[<RequireQualifiedAccess>]
module PublishedCurves =

    /// The columns of a file.
    let header = "algorithm,task,run,phase,evaluation,score,final_regret"

    let private text (path: string) : string list =
        use file = File.OpenRead path

        use plain: Stream =
            if path.EndsWith ".gz" then new GZipStream(file, CompressionMode.Decompress) else file

        use reader = new StreamReader(plain)

        [
            while not reader.EndOfStream do
                reader.ReadLine()
        ]

    /// A row: the run that it is of, whether it is online, its number and score; None where it is no row.
    let private row (line: string) =
        let number (word: string) =
            match Double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture) with
            | true, value when Double.IsFinite value -> Some value
            | _ -> None

        let whole (word: string) =
            match Int32.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture) with
            | true, value -> Some value
            | _ -> None

        match line.Split ',' with
        | [| algorithm; task; run; ("offline" | "online") as phase; evaluation; score; regret |] when
            algorithm <> "" && task <> ""
            ->
            match whole run, whole evaluation, number score, number regret with
            | Some run, Some evaluation, Some score, Some regret when regret >= 0.0 && regret <= 1.0 ->
                Some((algorithm.ToLowerInvariant(), task, run, regret), (phase = "online", evaluation, score))
            | _ -> None
        | _ -> None

    let private run (path: string) ((algorithm, task, number, regret), rows: (bool * int * float) list) =
        let phase online =
            rows |> List.filter (fun (isOnline, _, _) -> isOnline = online) |> List.sortBy (fun (_, i, _) -> i)

        let offline, online = phase false, phase true
        let numbers rows = [ for _, i, _ in rows -> i ]
        let inOrder rows = numbers rows = [ 0 .. List.length rows - 1 ]

        if offline.IsEmpty || online.IsEmpty || not (inOrder offline && inOrder online) then
            Error
                $"{path}: expected evaluations 0, 1, 2, … of both phases for each run, got others for {algorithm} on \
                  {task}, run {number}. Each run has one final_regret."
        else
            Ok {
                Algorithm = algorithm
                Task = task
                Number = number
                Offline = [ for _, _, score in offline -> score ]
                Online = [ for _, _, score in online -> score ]
                Regret = regret
            }

    /// The runs of a .csv or .csv.gz file, in its order. Anything else is an Error that says what was expected.
    let read (path: string) : Result<PublishedRun list, string> =
        let expected what = Error $"{path}: expected a .csv or .csv.gz file with the columns {header}, {what}."

        if not (File.Exists path) then
            expected "found none"
        else
            match Attempt.run (fun () -> text path) with
            | Error problem -> expected $"and it cannot be read: {problem.TrimEnd '.'}"
            | Ok [] -> expected "got nothing"
            | Ok [ _ ] -> expected "and rows below, got one line"
            | Ok(first :: _) when first.Trim() <> header -> expected $"got '{first.Substring(0, min 80 first.Length)}'"
            | Ok(_ :: lines) ->
                lines
                |> List.indexed
                |> Attempt.each (fun (i, line) ->
                    match row line with
                    | Some row -> Ok row
                    | None ->
                        Error
                            $"{path}, line {i + 2}: expected {header} (phase is offline or online, score a number, \
                              final_regret in [0, 1]), got '{line.Substring(0, min 80 line.Length)}'.")
                |> Result.bind (fun rows ->
                    List.groupBy fst rows |> Attempt.each (fun (key, rows) -> run path (key, List.map snd rows)))

    /// Where a folder of results keeps the curves beside its report, so that the report is made of the folder alone.
    let private pathIn (folder: string) : string = Path.Combine(folder, "published-curves.csv")

    /// Keeps curves in a folder of results, beside which its report shows them; without curves it changes nothing.
    let keep (folder: string) (runs: PublishedRun list) : unit =
        let number (value: float) = value.ToString CultureInfo.InvariantCulture

        let lines = [
            header
            for run in runs do
                for phase, scores in [ "offline", run.Offline; "online", run.Online ] do
                    for i, score in List.indexed scores do
                        $"{run.Algorithm},{run.Task},{run.Number},{phase},{i},{number score},{number run.Regret}"
        ]

        if not runs.IsEmpty then
            Directory.CreateDirectory folder |> ignore
            AtomicFile.Write(pathIn folder, (fun (draft: string) -> File.WriteAllLines(draft, lines)))

    /// The curves that a folder keeps; none where it keeps none.
    let kept (folder: string) : Result<PublishedRun list, string> =
        if File.Exists(pathIn folder) then read (pathIn folder) else Ok []
