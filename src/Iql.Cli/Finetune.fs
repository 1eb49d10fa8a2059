namespace Iql.Cli

open Iql.Algorithms
open Iql.Scripts
open Iql.Training.Online

/// `iql finetune`
module Finetune =

    let private standard (config: IAlgorithmConfig) : Trial =
        { Trial.standard with Config = config; Steps = 20_000; EvaluateEvery = 0 }
        |> Trial.goingOnline (FineTuning(OfflineSteps = 0L, OnlineSteps = 20_000L))

    let command: Command =
        let rows trial shown hyperparameters =
            Request.data true trial
            @ Request.training trial
            @ Request.online true trial
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
                (Request.common @ [ "--protocol"; "--online-steps"; "--data-share"; "--capacity" ])
                standard
                read
                rows)
            [
                "iql finetune", "on the standard maze"
                "iql finetune --task pointmaze-medium-stitch-v0 --steps 50k --online-steps 50k --seeds 0-4",
                "another maze, five seeds"
                "iql finetune --algorithm awac --data-share 0.5 --capacity 10k",
                "half of each batch from the data, half from the last 10,000 decisions"
                "iql finetune --updates-per-step 1,4 --data-share none,0.5 --seeds 0-4", "a grid"
                "iql finetune --protocol calql-authors --steps 20k --online-steps 20k",
                "as Cal-QL's authors, but shorter"
            ]
            Request.empty
            (Training.run "finetune" standard (fun _ -> []))
