namespace Iql.Cli

open Iql.Algorithms
open Iql.Scripts

/// `iql train`
module Train =

    let private standard (config: IAlgorithmConfig) : Trial = {
        Trial.standard with
            Config = config
            Steps = 20_000
            EvaluateEvery = 0
    }

    let command: Command =
        let rows trial shown hyperparameters =
            Request.data false trial
            @ Request.training trial
            @ [ for each in hyperparameters -> Request.single each |> Parameter.showing (shown each) ]
            @ [ Request.seed |> Parameter.showing "0" ]
            @ Request.running "runs/train-NAME"

        let options = rows (standard Trial.standard.Config) (fun _ -> "") Hyperparameter.all
        let read words = Request.named (Command.read options [] words Request.empty) words

        Command.createLarge
            "train"
            "Train one policy and write a report"
            "The data come from a built-in task, or from a file with --data. Hyperparameters start from the \
             algorithm's preset for the name of the data; options change them. Without an environment, the report \
             shows only losses and value statistics on the data."
            []
            options
            (Training.help "train" Request.common standard read rows)
            [
                "iql train", "learn the standard maze"
                "iql train --task pointmaze-medium-stitch-v0 --steps 50k --inverse-temperature 3",
                "another maze, a smaller inverse temperature"
                "iql train --algorithm td3bc --task pointmaze-umaze-v0 --alpha 4",
                "another algorithm with its own option"
                "iql train --data hopper-medium-v2.hdf5", "a D4RL file with the paper's locomotion settings"
                "iql train --task hopper-medium-v2 --data hopper-medium-v2.hdf5",
                "the same, scored in the environment (needs MuJoCo 2.2.2)"
            ]
            Request.empty
            (Training.run "train" standard (fun _ -> []))
