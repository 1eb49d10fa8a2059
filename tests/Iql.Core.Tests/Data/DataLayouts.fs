/// The same nine steps in the layouts of other toolkits.
module Iql.Core.Tests.DataLayouts

open System
open System.Collections.Immutable
open Iql.Data.Files.Arrays
open Iql.Data.Files.Hdf5

let private array name (shape: int list) (values: Array) =
    ArrayData(name, (shape |> List.map int64).ToImmutableArray(), values)

/// Trajectories of 3, 2 and 4 steps. Observation t of trajectory i is 10 i + t, and so is the reward.
let lengths = [ 3; 2; 4 ]

let each (number: int -> int -> 'a) (more: int) = [|
    for i, length in List.indexed lengths do
        for t in 0 .. length - 1 + more -> number i t
|]

let place i t = float32 (10 * i + t)
let last i t = t = lengths[i] - 1
let flag (value: bool) = if value then 1f else 0f

/// The first trajectory ends in its goal.
let terminal i t = last i t && i = 0

let actions = array "actions" [ 9; 1 ] (each (fun i t -> place i t / 100f) 0)

/// The layouts of these nine steps: name, ending, arrays, and arrays that no column is read from.
let layouts = [
    "d3rlpy",
    ".h5",
    [
        array "observations" [ 9; 1 ] (each place 0)
        actions
        array "rewards" [ 9 ] (each place 0)
        array "terminals" [ 9 ] (each (fun i t -> flag (terminal i t)) 0)
        array "episode_terminals" [ 9 ] (each (fun i t -> flag (last i t)) 0)
        array "version" [] [| "1.0" |]
    ],
    []
    "d3rlpy",
    ".h5",
    [
        array "columns" [ 4 ] [| "observations"; "actions"; "rewards"; "terminated" |]
        for i, length in List.indexed lengths do
            let rows number = Array.init length (number i)
            array $"observations_{i}" [ length; 1 ] (rows place)
            array $"actions_{i}" [ length; 1 ] (rows (fun i t -> place i t / 100f))
            array $"rewards_{i}" [ length; 1 ] (rows place)
            array $"terminated_{i}" [] [| i = 0 |]
    ],
    [ "columns" ]
    "OGBench",
    ".npz",
    [
        // A trajectory's last row holds its last observation only.
        array "observations" [ 12; 1 ] (each place 1)
        array "actions" [ 12; 1 ] (each (fun i t -> place i t / 100f) 1)
        array "rewards" [ 12 ] (each place 1)
        array "terminals" [ 12 ] (each (fun i t -> flag (t = lengths[i])) 1)
        array "masks" [ 12 ] (each (fun i t -> flag (not (terminal i t))) 1)
        array "qpos" [ 12; 3 ] (Array.zeroCreate<float32> 36)
    ],
    [ "qpos" ]
    "OGBench",
    ".npz",
    [
        array "observations" [ 12; 1 ] (each place 1)
        array "actions" [ 12; 1 ] (each (fun i t -> place i t / 100f) 1)
        array "rewards" [ 12 ] (each place 1)
        array "terminals" [ 12 ] (each (fun i t -> flag (t >= lengths[i] - 1)) 1)
        array "masks" [ 12 ] (each (fun i t -> flag (not (terminal i t))) 1)
        array "valids" [ 12 ] (each (fun i t -> flag (t < lengths[i])) 1)
    ],
    []
    "OGBench",
    ".npz",
    [
        array "observations" [ 9; 1 ] (each place 0)
        array "next_observations" [ 9; 1 ] (each (fun i t -> place i (t + 1)) 0)
        actions
        array "rewards" [ 9 ] (each place 0)
        array "terminals" [ 9 ] (each (fun i t -> flag (last i t)) 0)
        array "masks" [ 9 ] (each (fun i t -> flag (not (terminal i t))) 0)
    ],
    []
    "imitation",
    ".npz",
    [
        array "obs" [ 12; 1 ] (each place 1)
        array "acts" [ 9; 1 ] (each (fun i t -> place i t / 100f) 0)
        array "rews" [ 9 ] (each (fun i t -> float (place i t)) 0)
        array "terminal" [ 3 ] [| true; false; false |]
        array "indices" [ 2 ] [| 3L; 5L |]
    ],
    []
    "robomimic",
    ".hdf5",
    [
        for i, length in List.indexed lengths do
            let rows number = Array.init length (number i)
            let own name = $"data/demo_{i}/{name}"
            array (own "obs/place") [ length; 1 ] (rows place)
            array (own "obs/picture") [ length; 2; 2; 3 ] (Array.zeroCreate<int64>(12 * length))
            array (own "next_obs/place") [ length; 1 ] (rows (fun i t -> place i (t + 1)))
            array (own "actions") [ length; 1 ] (rows (fun i t -> place i t / 100f))
            array (own "rewards") [ length ] (rows place)
            array (own "dones") [ length ] (rows (fun i t -> if terminal i t then 1L else 0L))
            array (own "states") [ length; 2 ] (Array.zeroCreate<float32>(2 * length))
    ],
    [ "obs/picture"; "states" ]
]

let write (path: string) (arrays: ArrayData list) =
    if path.EndsWith ".npz" then
        NpzFile.Write(path, arrays)
    else
        Hdf5Writer.Write(path, arrays)
