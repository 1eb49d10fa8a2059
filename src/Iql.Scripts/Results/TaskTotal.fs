namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// A statistic of one method's scores on several tasks, which are arrays of runs, task by task.
type TaskTotal = {
    /// Such as "IQM".
    Name: string
    Value: float[][] -> float
    /// The value with its 95 % interval; the name of the method seeds what is drawn.
    Estimate: string -> float[][] -> Estimate
    /// How far the first method is before the second; above 0 where it is better.
    Ahead: float[][] -> float[][] -> Estimate
    HigherIsBetter: bool
    /// The same of published scores, one a task; None where it needs their runs.
    OfPublished: (float list -> float) option
}

/// What is said of all tasks together.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module TaskTotal =

    // A weighted sum of the tasks' means has Student's interval.
    let private linear name value (weight: int -> float) ofPublished : TaskTotal =
        let weighted (sign: float) (scores: float[][]) = Array.create scores.Length (sign * weight scores.Length)

        {
            Name = name
            Value = value
            Estimate = fun _ scores -> Student.combination RunSummary.confidence (weighted 1.0 scores) scores
            Ahead =
                fun best other ->
                    let weights = Array.append (weighted 1.0 best) (weighted -1.0 other)
                    Student.combination RunSummary.confidence weights (Array.append best other)
            HigherIsBetter = true
            OfPublished = Some ofPublished
        }

    // Any other statistic has that of a bootstrap within each task.
    let private resampled (name: string) value higherIsBetter ofPublished : TaskTotal =
        let how (purpose: string) (words: string) = RunSummary.bootstrapped (Seed.Named(purpose).Split words)

        let sign = if higherIsBetter then 1.0 else -1.0

        {
            Name = name
            Value = value
            Estimate = fun method -> bootstrapTasks (how "comparison" $"{name} {method}") value
            Ahead =
                bootstrapTwoTasks (how "comparison difference" name) (fun best other ->
                    sign * (value best - value other))
            HigherIsBetter = higherIsBetter
            OfPublished = ofPublished
        }

    /// The mean of the tasks' means; of one task, that of its runs.
    let mean: TaskTotal = linear "mean" meanOfTasks (fun tasks -> 1.0 / float tasks) List.average

    /// Sum, mean, median, interquartile mean, and the optimality gap to a score of 100.
    let all: TaskTotal list = [
        linear "sum" sumOfTasks (fun _ -> 1.0) List.sum
        mean
        resampled "median" medianOfTasks true (Some(Array.ofList >> median))
        resampled "IQM" iqmOfTasks true None
        resampled "optimality gap" (optimalityGapOfTasks 100.0) false None
    ]
