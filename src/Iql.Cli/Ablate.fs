namespace Iql.Cli

open Iql.Scripts

/// `iql ablate`
module Ablate =


    let command: Command =
        let values (name: string) =
            Ablation.grid Ablation.standard.Algorithm
            |> List.tryFind (fun axis -> axis.Name = name)
            |> Option.map (fun axis -> axis.Values |> List.map fst |> String.concat ",")

        let options =
            Request.data
            @ Request.training Ablation.standard
            @ [
                for hyperparameter in Hyperparameter.all ->
                    let shown =
                        values hyperparameter.Name
                        |> Option.defaultWith (fun () -> Hyperparameter.label hyperparameter id)

                    Request.several hyperparameter |> Parameter.showing shown
            ]
            @ Request.running "runs/ablate-NAME"

        Command.create
            "ablate"
            "Train a grid of hyperparameters, expectile by inverse temperature, and report on it"
            "Every hyperparameter of the algorithm takes several values between commas and is then one more axis of the grid. Runs that differ in the inverse temperature alone share a value function. A run that diverges is reported and stops nothing. The same command again continues where it stopped."
            []
            options
            [
                "iql ablate", "the standard maze, in minutes"
                "iql ablate --expectiles 0.7,0.9 --inverse-temperatures 3,10 --seeds 0-9", "another grid"
                "iql ablate --data walker2d-medium-v2.hdf5 --steps 1M --hidden 256x256",
                "a D4RL file at the paper's size"
                "iql ablate --algorithm td3bc --alpha 1,2.5,4", "another algorithm: its own hyperparameters"
                "iql ablate --polyak-step 0.001,0.005,0.02 --inverse-temperatures 10", "another hyperparameter"
            ]
            Request.empty
            (Training.run "ablate" Ablation.trialOf Ablation.grid)
