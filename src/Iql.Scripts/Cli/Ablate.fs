namespace Iql.Scripts

/// `iql ablate`
module Ablate =

    /// Small enough that the whole grid is done in minutes on two cores.
    let standard: Trial = {
        Trial.standard with
            Hyperparameters = Trial.standard.Hyperparameters.With(hiddenSizes = [ 64; 64 ])
            Steps = 15_000
            EvaluateEvery = 0
            Episodes = 50
    }

    /// τ and β around the paper's values, three seeds; β = 0 is behaviour cloning.
    let grid: Axis list = [
        Axis.expectile [ 0.5; 0.7; 0.9; 0.95 ]
        Axis.inverseTemperature [ 0.0; 1.0; 3.0; 10.0 ]
        Axis.seed [ 0..2 ]
    ]

    let command: Command =
        let values (name: string) =
            grid
            |> List.tryFind (fun axis -> axis.Name = name)
            |> Option.map (fun axis -> axis.Values |> List.map fst |> String.concat ",")

        let options =
            Request.data
            @ Request.training standard
            @ [
                for hyperparameter in Hyperparameter.all ->
                    let shown =
                        values hyperparameter.Name |> Option.defaultValue (hyperparameter.Show standard)

                    Request.several hyperparameter |> Parameter.showing shown
            ]
            @ Request.running "runs/ablate-NAME"

        Command.create
            "ablate"
            "Train a grid of expectiles and inverse temperatures, and report on it"
            "Every hyperparameter takes several values between commas and is then one more axis of the grid. Runs that differ in the inverse temperature alone share a value function. A run that diverges is reported and stops nothing. The same command again continues where it stopped."
            []
            options
            [
                "iql ablate", "the standard maze, in minutes"
                "iql ablate --expectiles 0.7,0.9 --inverse-temperatures 3,10 --seeds 0-9", "another grid"
                "iql ablate --data walker2d-medium-v2.hdf5 --steps 1M --hidden 256x256",
                "a D4RL file at the paper's size"
                "iql ablate --polyak-step 0.001,0.005,0.02 --inverse-temperatures 10", "another hyperparameter"
            ]
            Request.empty
            (Training.run "ablate" standard grid)
