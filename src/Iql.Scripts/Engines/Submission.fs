namespace Iql.Scripts

open System
open System.IO
open System.Text.Json
open System.Text.RegularExpressions

/// What starts the groups of a sweep on many machines, by the files that it is given.
type Engine =
    | Slurm
    | GridEngine
    | Parallel
    | Kubernetes

/// Groups of a sweep as one array job.
type Submission = {
    Engine: Engine
    /// The sweep's folder, which every machine sees under this path.
    Folder: string
    /// Where its tasks start; relative paths of the plan count from here.
    Work: string
    /// The words that start iql on every machine.
    Program: string list
    /// Numbers of groups, in the order of their start.
    Groups: int list
    /// The most tasks at a time; None sets no limit.
    Throttle: int option
    Allotment: Allotment
    /// Words for the engine's own command, quoted where a shell needs it.
    Options: string
    /// Kubernetes: the name of the container image.
    Image: string
    /// Kubernetes: the name of the claim to the shared volume.
    Claim: string
}

[<RequireQualifiedAccess>]
module Submission =

    /// The words of the engines.
    let engines: (string * Engine) list = [
        "slurm", Slurm
        "gridengine", GridEngine
        "parallel", Parallel
        "kubernetes", Kubernetes
    ]

    /// The files of an engine: in this assembly, and in the folder of a submission.
    let private files (engine: Engine) : (string * string) list =
        let own = engines |> List.find (snd >> (=) engine) |> fst

        [
            $"{own}-submit.sh", "submit.sh"
            if engine <> Parallel then
                $"{own}-task.sh", "task.sh"
            if engine = Kubernetes then
                "kubernetes-job.yaml", "job.yaml"
            else
                "report.sh", "report.sh"
        ]

    /// A name for every engine: Kubernetes takes small letters, digits and hyphens, Grid Engine a letter first.
    let private nameOf (folder: string) (number: int) =
        let name = Regex.Replace((Path.GetFileName folder).ToLowerInvariant(), "[^a-z0-9]+", "-").Trim '-'
        $"iql-{name[.. min 39 (name.Length - 1)].TrimEnd '-'}-{number}"

    let private values (number: int) (here: string) (submission: Submission) : (string * string) list =
        let words = List.map ShellWord.quoted >> String.concat " "
        let text (value: string) = JsonSerializer.Serialize value
        let path name = Path.Combine(here, name)
        // Slurm replaces %A by the job's number.
        let pattern name = ShellWord.quoted (Path.Combine(here.Replace("%", "%%"), "out", name))
        let { Allotment = allotment; Groups = groups } = submission
        let seconds (time: TimeSpan) = string (int time.TotalSeconds)

        [
            "here", ShellWord.quoted here
            "work", ShellWord.quoted submission.Work
            "folder", ShellWord.quoted submission.Folder
            "program", words submission.Program
            "command",
            ShellWord.quoted (
                words (submission.Program @ [ "sweep"; "run"; submission.Folder ])
                + $" --threads {allotment.Cores} --index {{}}"
            )
            "name", nameOf submission.Folder number
            "count", string groups.Length
            "throttle", string (submission.Throttle |> Option.defaultValue groups.Length |> min groups.Length)
            "cores", string allotment.Cores
            "percent", string (max 1 (100 / allotment.Cores))
            "slots", (if allotment.Cores > 1 then $"-pe smp {allotment.Cores}" else "")
            "megabytes", string (allotment.Memory / 1_000_000L)
            "minutes", string (int (ceil allotment.Time.TotalMinutes))
            "seconds", seconds (allotment.Time - allotment.Notice)
            "hardSeconds", seconds allotment.Time
            "notice", seconds allotment.Notice
            "options", submission.Options
            "pattern", pattern "%A_%a.txt"
            "reported", pattern "report.txt"
            "image", text submission.Image
            "claim", text submission.Claim
            "workText", text submission.Work
            "taskText", text (path "task.sh")
        ]

    let private fill (values: (string * string) list) (template: string) : string =
        (template, values) ||> List.fold (fun text (name, value) -> text.Replace("{{" + name + "}}", value))

    let private executable =
        UnixFileMode.UserRead
        ||| UnixFileMode.UserWrite
        ||| UnixFileMode.UserExecute
        ||| UnixFileMode.GroupRead
        ||| UnixFileMode.GroupExecute
        ||| UnixFileMode.OtherRead
        ||| UnixFileMode.OtherExecute

    /// Writes a submission into a new folder of the sweep, submissions/1 and so on, and gives the folder. Its submit.sh
    /// submits.
    let write (submission: Submission) : string =
        let all = Path.Combine(submission.Folder, "submissions")

        let number =
            Seq.initInfinite ((+) 1)
            |> Seq.find (fun number -> not (Directory.Exists(Path.Combine(all, string number))))

        let here = Path.Combine(all, string number)
        Directory.CreateDirectory(Path.Combine(here, "out")) |> ignore
        File.WriteAllLines(Path.Combine(here, "groups.txt"), List.map string submission.Groups)
        let values = values number here submission

        for resource, name in files submission.Engine do
            let path = Path.Combine(here, name)
            File.WriteAllText(path, fill values (Resource.text resource))

            if not (OperatingSystem.IsWindows()) && path.EndsWith ".sh" then
                File.SetUnixFileMode(path, executable)

        here
