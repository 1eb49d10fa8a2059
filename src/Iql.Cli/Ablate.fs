namespace Iql.Cli

open Iql.Algorithms
open Iql.Scripts

/// `iql ablate`
module Ablate =

    let command: Command =
        let rows (trial: Trial) shown hyperparameters =
            let grid = Ablation.grid (Trial.algorithm trial)

            let values (name: string) =
                grid
                |> List.tryFind (fun axis -> axis.Name = name)
                |> Option.map (fun axis -> axis.Values |> List.map fst |> String.concat ",")

            Request.data true trial
            @ Request.training trial
            @ [
                for each: Hyperparameter in hyperparameters do
                    let shown = values each.Name |> Option.defaultWith (fun () -> shown each)
                    Request.several each |> Parameter.showing shown
                Request.seeds |> Parameter.showing (values "seed").Value
            ]
            @ Request.running "runs/ablate-NAME"

        let options = rows Ablation.standard (fun _ -> "") Hyperparameter.all
        let read words = Request.named (Command.read options [] words Request.empty) words

        Command.createLarge
            "ablate"
            "Train a grid of hyperparameters, expectile by inverse temperature: a report"
            "Every hyperparameter takes several values, separated by commas, and becomes an axis of the grid. The \
             grid then has no other axes but the seeds. Runs that differ only in the inverse temperature share a \
             value function. A diverged run is reported, and the other runs continue. The same command continues a \
             stopped grid."
            []
            options
            (Training.help "ablate" Request.common Ablation.trialOf read rows)
            [
                "iql ablate", "the standard maze, in minutes"
                "iql ablate --expectiles 0.7,0.9 --inverse-temperatures 3,10 --seeds 0-9", "another grid"
                "iql ablate --data walker2d-medium-v2.hdf5 --steps 1M --hidden 256x256",
                "a D4RL file with the paper's sizes"
                "iql ablate --algorithm td3bc --alpha 1,2.5,4", "another algorithm with its own hyperparameters"
                "iql ablate --polyak-step 0.001,0.005,0.02 --inverse-temperatures 10", "another hyperparameter"
            ]
            Request.empty
            (Training.run "ablate" Ablation.trialOf Ablation.grid)
