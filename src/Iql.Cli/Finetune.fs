namespace Iql.Cli

open System
open Iql.Algorithms
open Iql.Scripts
open Iql.Training.Online

/// `iql finetune`
module Finetune =

    let private standard (config: IAlgorithmConfig) : Trial = {
        Trial.standard with
            Config = config
            Steps = 20_000
            Online = Some(FineTuning(OfflineSteps = 0L, OnlineSteps = 20_000L))
            EvaluateEvery = 0
    }

    /// A change of the online phase.
    let private set (property: string) (value: obj) (request: Request) : Request =
        let change (trial: Trial) = {
            trial with
                Online = trial.Online |> Option.map (fun online -> online.With(property, value))
        }

        { request with Changes = change :: request.Changes }

    let private option (heading: string) (property: string) (shown: string) (doc: string) read : Parameter<Request> =
        Parameter.value heading doc read (fun value -> set property (box value)) |> Parameter.showing shown

    let private choice (heading: string) (property: string) (shown: string) (choices: (string * obj) list) doc =
        Parameter.choice heading choices doc (set property) |> Parameter.showing shown

    let private whole least word = Read.whole least word |> Result.map int64

    let private number (expected: string) (fits: float -> bool) (word: string) : Result<float, string> =
        match Double.TryParse(word, Globalization.NumberStyles.Float, Globalization.CultureInfo.InvariantCulture) with
        | true, value when fits value -> Ok value
        | _ -> Error expected

    /// How the run goes on online.
    let private online: Parameter<Request> list =
        [
            option "--online-steps N" "OnlineSteps" "20000" "Decisions in the environment after --steps" (whole 1)
            option
                "--updates-per-step U"
                "UpdatesPerStep"
                "1"
                "Updates per decision, a number in (0, 1000]; 0.5 is one after every second decision"
                (number "a number in (0, 1000]" (fun value -> value > 0.0 && value <= 1000.0))
            option "--first-update-after N" "FirstUpdateAfter" "0" "Decisions before the first online update" (whole 0)
            choice
                "--turns"
                "Turns"
                "steps"
                [ "steps", box Turns.Steps; "episodes", Turns.Episodes ]
                "What comes before its updates: single decisions, or a whole episode"
            option
                "--data-share SHARE"
                "DataShare"
                "one buffer of both"
                "Share of each batch from the data, a number in [0, 1); 0 is acting alone"
                (number "a number in [0, 1)" (fun value -> value >= 0.0 && value < 1.0))
            option
                "--capacity ROWS"
                "Capacity"
                "all"
                "Rows that the buffer holds, of data and acting, or with --data-share of acting; the oldest go first"
                (whole 1)
            option "--data-rows ROWS" "DataRows" "all" "A random part of the data, in both phases" (whole 1)
            choice
                "--online-acting"
                "Acting"
                "sampled"
                [ "sampled", box ActingChoice.Sampled; "greedy", ActingChoice.Greedy ]
                "The actions taken: draws of the policy, or those that are evaluated"
            option
                "--acting-noise SIGMA"
                "ActingNoise"
                "0"
                "Deviation of normal noise on the actions taken, a number of at least 0"
                (number "a number of at least 0" (fun value -> value >= 0.0 && Double.IsFinite value))
            option "--random-steps N" "RandomSteps" "0" "First decisions, with uniform actions" (whole 0)
            choice
                "--online-schedule"
                "Schedule"
                "constant"
                [ "constant", box OnlineSchedule.Constant; "finished", OnlineSchedule.Finished ]
                "Learning rates: constant in both phases, or with schedules that end at the switch"
            option
                "--acting-lag N"
                "ActingLag"
                "0"
                "0 acts, then updates; 1 acts at the same time, with the parameters before the update"
                (fun word ->
                    match word with
                    | "0"
                    | "1" -> Ok(int word)
                    | _ -> Error "0 or 1")
        ]
        |> Parameter.grouped "Online"

    let command: Command =
        let rows trial shown hyperparameters =
            Request.data trial
            @ Request.training trial
            @ online
            @ [ for each in hyperparameters -> Request.several each |> Parameter.showing (shown each) ]
            @ [ Request.seeds |> Parameter.showing "0" ]
            @ Request.running "runs/finetune-NAME"

        let options = rows (standard Trial.standard.Config) (fun _ -> "") Hyperparameter.all
        let read words = Request.named (Command.read options [] words Request.empty) words

        Command.createLarge
            "finetune"
            "Train a policy from data, then continue to learn in its environment"
            "First --steps updates from the data, then --online-steps decisions in the task's environment with their \
             updates: one run. docs/fine-tuning.md explains the options."
            []
            options
            (Training.help
                "finetune"
                (Request.common @ [ "--online-steps"; "--data-share"; "--capacity" ])
                standard
                read
                rows)
            [
                "iql finetune", "on the standard maze"
                "iql finetune --task pointmaze-medium-stitch-v0 --steps 50k --online-steps 50k --seeds 0-4",
                "another maze, five seeds"
                "iql finetune --algorithm awac --data-share 0.5 --capacity 10k",
                "half of each batch from the data, half from the last 10,000 decisions"
            ]
            Request.empty
            (Training.run "finetune" standard (fun _ -> []))
