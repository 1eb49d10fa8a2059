namespace Iql.Bench

open System
open System.Globalization
open System.IO
open System.Text.Encodings.Web
open System.Text.Json
open Iql.Cpu.Emit
open Iql.Training
open Iql.Scripts

/// Where and when something was measured.
type Session = {
    Machine: Machine
    InstructionSet: InstructionSet
    Version: string
    Commit: string
    Date: DateTime
    /// Rows of the data that batches are sampled from.
    Rows: int
    /// The load average before the first probe: threads of others. None where the system does not say.
    Load: float option
}

/// What all results have in common: the machine's line, doubts, files.
[<RequireQualifiedAccess>]
module Session =

    let private loadFile = "/proc/loadavg"

    /// Begins now.
    let start (rows: int) : Session = {
        Machine = Machine.Here
        InstructionSet = InstructionSets.Default
        Version = Machine.Version
        Commit = Machine.Commit
        Date = DateTime.UtcNow
        Rows = rows
        Load =
            if File.Exists loadFile then
                Some(Double.Parse((File.ReadAllText loadFile).Split(' ')[0], CultureInfo.InvariantCulture))
            else
                None
    }

    let private instructions (session: Session) = (string session.InstructionSet).ToLowerInvariant()

    /// "AMD EPYC, family 25, model 17, vector512"
    let title (session: Session) : string = $"{session.Machine.Processor}, {instructions session}"

    /// Where it was measured, on one line.
    let machine (session: Session) : string =
        $"{session.Machine.Processor}, {session.Machine.Cores} cores, {instructions session}, {session.Machine.Runtime}"

    /// The first words of a page: which command wrote it, where, when.
    let origin (command: string) (session: Session) : string =
        let date = session.Date.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)

        $"Written by `{command}`. {machine session}; {session.Machine.Os}. "
        + $"Iql {session.Version} ({session.Commit}), {date} UTC. "
        + $"Batches are sampled out of {session.Rows} rows."

    /// What makes figures doubtful.
    let doubts (rates: (string * Rate) list) (session: Session) : string list = [
        match session.Load with
        | Some load when load > 0.5 ->
            $"others are running here (load average {Rate.digits 1 load} before the first probe): "
            + "figures are lower than the machine's, and shares doubtful."
        | _ -> ()

        match
            [
                for name, rate in rates do
                    if Rate.disturbed rate then
                        $"'{Rate.label name rate}'"
            ]
        with
        | [] -> ()
        | disturbed ->
            let names = String.concat ", " disturbed

            "disturbed while it was measured (peaks more than a twentieth apart, "
            + $"or a tenth of the windows more than a tenth below the middle): {names}."
    ]

    /// The fields of a session in a file.
    let fields (format: string) (session: Session) : (string * obj) list = [
        "format", box format
        "processor", box session.Machine.Processor
        "cores", box session.Machine.Cores
        "instructionSet", box (instructions session)
        "os", box session.Machine.Os
        "runtime", box session.Machine.Runtime
        "version", box session.Version
        "commit", box session.Commit
        "date", box (session.Date.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))
        "rows", box session.Rows
        "loadAverageBefore", box session.Load
    ]

    let private options =
        JsonSerializerOptions(WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

    /// Fields as the text of a JSON file.
    let json (fields: (string * obj) list) : string = JsonSerializer.Serialize(dict fields, options) + "\n"

    /// The name of files for a machine: "amd-epyc-family-25-model-17-vector512".
    let fileName (session: Session) : string =
        let letters =
            session.Machine.Processor
            |> String.map (fun c -> if Char.IsAsciiLetterOrDigit c then Char.ToLowerInvariant c else '-')

        let words = letters.Split('-', StringSplitOptions.RemoveEmptyEntries) |> Array.except [ "r"; "tm" ]

        String.Join("-", words) + "-" + instructions session

    /// A line of a table whose rows appear one by one: a column is as wide as its head or the numbers that may come.
    let line (first: int) (heads: string list) (cells: string list) : string =
        List.zip heads cells
        |> List.mapi (fun i (head, cell) -> if i = 0 then cell.PadRight first else cell.PadLeft(max 8 head.Length))
        |> String.concat "  "
