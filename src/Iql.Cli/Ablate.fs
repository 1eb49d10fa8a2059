namespace Iql.Cli

open Iql.Algorithms
open Iql.Scripts

/// `iql ablate`
module Ablate =

    let command: Command =
        let grid = Ablation.grid (Trial.algorithm Ablation.standard)

        let values (name: string) =
            grid
            |> List.tryFind (fun axis -> axis.Name = name)
            |> Option.map (fun axis -> axis.Values |> List.map fst |> String.concat ",")

        // The default of the first algorithm that has it.
        let standard (hyperparameter: Hyperparameter) =
            let owner = Hyperparameter.owners hyperparameter.Name |> List.head |> Algorithm.Find
            hyperparameter.Print(hyperparameter.Get owner.Standard)

        let options =
            Request.data
            @ Request.training Ablation.standard
            @ [
                for each in Hyperparameter.all do
                    let shown = values each.Name |> Option.defaultWith (fun () -> standard each)
                    Request.several each |> Parameter.showing shown
                Request.seeds |> Parameter.showing (values "seed").Value
            ]
            @ Request.running "runs/ablate-NAME"

        Command.create
            "ablate"
            "Train a grid of hyperparameters, expectile by inverse temperature: a report"
            "Every hyperparameter takes several values, separated by commas, and becomes an axis of the grid. Runs \
             that differ only in the inverse temperature share a value function. A diverged run is reported, and the \
             other runs continue. The same command continues a stopped grid."
            []
            options
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
