namespace Iql.Web

open System
open System.Collections.Concurrent
open System.IO
open Giraffe.ViewEngine
open Iql.Scripts
open Iql.Training

/// A part of the page as text, and the version of the page that brought it.
type private LivePart = { Id: string; Html: string; Version: int }

/// The report of a sweep's folder, made again when its files changed. It writes nothing.
type LiveReport(folder: string) =
    let gate = obj ()
    // A page that another program made knows another start.
    let start = Guid.NewGuid().ToString("N")[..7]
    let busy = Busy()
    let known = ConcurrentDictionary<string, string * Run>()
    let mutable stamp = "", ""
    let mutable plan = "", List.empty<RunFolder>
    // What the last stamp of the runs gave: it costs most of the time.
    let mutable made: Result<SweepResults * Result<Report.Page, string>, string> = Error ""
    let mutable version = 0
    let mutable title, parts = "iql", List.empty<LivePart>

    /// What a change of a file changes.
    let stampOf (path: string) : string =
        let file = FileInfo path
        if file.Exists then $"{file.Length} {file.LastWriteTimeUtc.Ticks}" else ""

    let stampOfRun (run: RunFolder) : string = $"{stampOf run.MetricsPath} {stampOf run.ResultPath}"

    let read (planned: PlannedRun) (run: RunFolder) : Run =
        let stamp = stampOfRun run

        match known.TryGetValue planned.Folder with
        | true, (before, known) when before = stamp -> known
        | _ ->
            let now = run.Read(planned, inTraining = true)
            known[planned.Folder] <- (stamp, now)
            now

    /// What changes with the files of groups, and each minute, as silence shows too; what changes with those of runs.
    let look () : string * string =
        let groups = GroupStatus.FolderIn folder
        let now = stampOf (SweepPlan.PathIn folder)

        if fst plan <> now then
            known.Clear()

            let folders =
                match Attempt.run (fun () -> SweepPlan.Read folder) with
                | Ok plan -> [ for run in plan.Runs -> SweepPlan.RunFolder(folder, run.Folder) ]
                | Error _ -> []

            plan <- now, folders

        let ofGroups = [
            DateTime.UtcNow.ToString "HH:mm"
            if Directory.Exists groups then
                for file in Directory.GetFiles groups |> Array.sort do
                    stampOf file
        ]

        let ofRuns = [
            now
            for run in snd plan do
                match known.TryGetValue run.Name with
                | true, (stamp, known) when not (isNull known.Result) -> stamp
                | _ -> stampOfRun run
        ]

        String.concat "\n" ofGroups, String.concat "\n" ofRuns

    let moment (status: SweepStatus) : Now.Moment =
        let isHere (status: GroupStatus) = status.Host = Environment.MachineName

        let here =
            status.Groups
            |> List.filter (fun group -> group.Standing = Standing.Running)
            |> List.choose _.Status
            |> List.filter isHere
            |> List.map _.Process

        { Status = status; IsGone = busy.IsGone; Cores = busy.Cores here }

    let note (words: string) = "note", section [ _id "note" ] [ Html.styled "note" words ]

    let make () = result {
        let! sweep = Results.readSweepBy read folder
        let whole = sweep.Missing.IsEmpty && sweep.Runs |> List.forall (fun run -> not (isNull run.Result))

        let page =
            if sweep.Runs.IsEmpty && sweep.Damaged.IsEmpty then
                Error $"{sweep.Plan.Name}: no run has begun yet."
            else
                // An episode is played once all is done.
                Attempt.reading (fun () -> Report.ofFolder whole folder sweep)

        return sweep, page
    }

    /// Title and parts as they are now; without a word of the report's only a note.
    let render () : string * (string * XmlNode) list =
        match made, SweepStatus.read folder with
        | Error problem, _
        | _, Error problem -> title, [ note problem ]
        | Ok(sweep, page), Ok status ->
            let now = Now.part (moment status) sweep

            match page with
            | Error problem -> sweep.Plan.Name, [ now; note problem ]
            | Ok page ->
                let before, after = page.Parts |> List.splitAt 2
                page.Title, before @ [ now ] @ after

    /// Looks at the files; whether the page changed.
    member _.Refresh() : bool =
        lock gate (fun () ->
            let seen = look ()

            if seen = stamp then
                false
            else
                if snd seen <> snd stamp then
                    made <- make ()

                let named, rendered = render ()

                let fresh = [
                    for id, node in rendered ->
                        let html = RenderView.AsString.htmlNode node

                        match parts |> List.tryFind (fun part -> part.Id = id && part.Html = html) with
                        | Some same -> same
                        | None -> { Id = id; Html = html; Version = version + 1 }
                ]

                let changed = fresh <> parts || named <> title
                stamp <- seen

                if changed then
                    version <- version + 1
                    parts <- fresh
                    title <- named

                changed)

    /// The page as it is.
    member _.Page: string =
        lock gate (fun () -> Html.live title $"{start}.{version}" [ for part in parts -> rawText part.Html ])

    /// What is newer than a version of the page: its own version, and the parts as JSON; None where nothing is.
    member _.Since(seen: string) : (string * string) option =
        lock gate (fun () ->
            let from =
                match seen.Split '.' with
                | [| began; number |] when began = start && fst (Int32.TryParse number) -> int number
                | _ -> -1

            if from = version then
                None
            else
                let newer = parts |> List.filter (fun part -> part.Version > from)

                Some(
                    $"{start}.{version}",
                    Json.text (
                        Json.node {|
                            Title = title
                            Order = [ for part in parts -> part.Id ]
                            Parts = [ for part in newer -> {| Id = part.Id; Html = part.Html |} ]
                        |}
                    )
                ))
