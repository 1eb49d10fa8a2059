namespace Iql.Scripts

open System
open System.IO
open Iql
open Iql.Data
open Iql.Data.Inspection
open Iql.Environments
open Iql.Training

/// What a data set looks like, in numbers: all that its pictures are drawn from.
type DatasetNumbers = {
    Format: string
    Name: string
    /// Rows and episodes in all, and those that were looked at.
    Rows: int64
    Episodes: int64
    SampledRows: int64
    SampledEpisodes: int64
    /// Episodes by length and by undiscounted return, rows by reward.
    Lengths: Histogram
    Returns: Histogram
    Rewards: Histogram
    /// A column each. Those without a finite number count none.
    Observations: Summary list
    /// A column each; none where actions are discrete.
    Actions: Summary list
    /// Rows that take each discrete action.
    Choices: int64 list
    /// The maze that observations are places in, as it is drawn; no lines where they are no places.
    Maze: string list
    /// Rows in each small square of the maze, `DatasetNumbers.fine` a side of a cell, in reading order.
    Visits: int list
}

/// Counting, keeping and finding them.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module DatasetNumbers =

    /// Squares a side of a maze's cell.
    let fine = 8

    /// At most so many rows of a row file are looked at.
    let private mostRows = 100_000

    let private format = "iql-dataset-2"

    let private visits (maze: Maze) (transitions: Transitions) : int list =
        let rows, columns = maze.Rows * fine, maze.Columns * fine
        let counts = Array.zeroCreate<int>(rows * columns)

        let square (place: float32) = int (floor ((float place + 0.5) * float fine))

        for row in 0 .. transitions.Count - 1 do
            let place = transitions.Observation row
            let down, right = square place[0], square place[1]

            if down >= 0 && down < rows && right >= 0 && right < columns then
                counts[down * columns + right] <- counts[down * columns + right] + 1

        List.ofArray counts

    /// The numbers of a data set; with its maze, also where its rows are. A row file shows a sample of its rows and
    /// episodes.
    let ofDataset (maze: Maze option) (dataset: IDataset) : DatasetNumbers =
        let transitions = dataset.Sample mostRows
        let statistics = dataset.Statistics
        let discrete = transitions.ActionSpace.IsDiscrete

        // A file's own lengths: a row without a next observation is left out of training, not of its episode.
        let lengths, returns =
            match dataset with
            | :? Transitions as own when not own.FileEpisodes.IsEmpty ->
                [ for episode in own.FileEpisodes -> float32 episode.Length ],
                [ for episode in own.FileEpisodes -> float32 episode.Return ]
            | _ ->
                [ for length in statistics.EpisodeLengths -> float32 length ],
                [ for sum in statistics.EpisodeReturns -> float32 sum ]

        let counted (numbers: float32 seq) = Histogram.Of(ReadOnlySpan(Array.ofSeq numbers), 40)

        {
            Format = format
            Name = dataset.Name
            Rows = dataset.Count
            Episodes = max statistics.Episodes (int64 lengths.Length)
            SampledRows = transitions.Count
            SampledEpisodes = lengths.Length
            Lengths = counted lengths
            Returns = counted returns
            Rewards = counted transitions.Rewards
            Observations = [
                for column in 0 .. transitions.ObservationSize - 1 ->
                    Summary.Of(transitions.Observations.AsSpan(), transitions.ObservationSize, column)
            ]
            Actions = [
                if not discrete then
                    for column in 0 .. transitions.ActionSize - 1 ->
                        Summary.Of(transitions.Actions.AsSpan(), transitions.ActionSize, column)
            ]
            Choices =
                if discrete then
                    let taken = Array.zeroCreate<int64> transitions.ActionSize

                    for row in 0 .. transitions.Count - 1 do
                        let choice = ActionSpace.Choice(transitions.Action row)
                        taken[choice] <- taken[choice] + 1L

                    List.ofArray taken
                else
                    []
            Maze = maze |> Option.toList |> List.collect (_.Drawing >> List.ofSeq)
            Visits = maze |> Option.toList |> List.collect (fun maze -> visits maze transitions)
        }

    /// The numbers of a data set that was looked through.
    let ofReport (report: DatasetReport) : DatasetNumbers =
        let columns (name: string) = [
            for column in report.Columns do
                if column.Name = name then
                    column.Summary
        ]

        {
            Format = format
            Name = report.Name
            Rows = report.Rows
            Episodes = report.Episodes.Length
            SampledRows = report.Rows
            SampledEpisodes = report.Episodes.Length
            Lengths = report.LengthHistogram
            Returns = report.ReturnHistogram
            Rewards = report.RewardHistogram
            Observations = columns "observations"
            Actions = columns "actions"
            Choices = List.ofSeq report.ActionCounts
            Maze = []
            Visits = []
        }

    /// What pictures of a data set show, in a sentence for those who do not see them.
    let spoken (numbers: DatasetNumbers) : string =
        let range (what: string) (histogram: Histogram) =
            if Seq.sum histogram.Counts = 0L then
                ""
            else
                let low, high = Seq.head histogram.Edges, Seq.last histogram.Edges

                String.Format(
                    Globalization.CultureInfo.InvariantCulture,
                    "; {0} from {1:G4} to {2:G4}",
                    what,
                    low,
                    high
                )

        $"{numbers.Name}: {Plural.thousands numbers.Rows} rows, {Plural.thousands numbers.Episodes} episodes"
        + range "episode lengths" numbers.Lengths
        + range "returns" numbers.Returns
        + range "rewards" numbers.Rewards
        + "."

    /// The file of a data set in a sweep's folder.
    let private path (folder: string) (fingerprint: string) : string =
        Path.Combine(folder, "data", fingerprint + ".json")

    /// The numbers of a data set in a sweep's folder; None where they are not kept.
    let find (folder: string) (fingerprint: string) : Result<DatasetNumbers option, string> =
        let path = path folder fingerprint

        if File.Exists path then
            Attempt.run (fun () ->
                Some(RunJson.Read<DatasetNumbers>(path, format, "The next training in this folder writes it again.")))
        else
            Ok None

    /// Keeps the numbers of a data set in a sweep's folder, unless they are there, whole: a report is made of that
    /// folder alone.
    let keep (folder: string) (fingerprint: string) (numbers: unit -> DatasetNumbers) : unit =
        match find folder fingerprint with
        | Ok(Some _) -> ()
        | _ -> RunJson.Write(path folder fingerprint, numbers ())
