namespace Iql.Scripts

open System
open Iql
open Iql.Scripts.Statistics

/// Scores of C >= 2 cells on K >= 2 seeds that all cells share, without NaN: cells, and their scores by seed.
type Blocks = private {
    Rows: float[][]
} with

    /// Scores [C][K]: cell by cell, seed by seed.
    member blocks.Scores: float[][] = blocks.Rows
    /// C.
    member blocks.Cells: int = blocks.Rows.Length
    /// K.
    member blocks.Seeds: int = blocks.Rows[0].Length

/// Cells on common seeds: score = cell + seed + rest.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Blocks =

    /// Scores [C][K], cell by cell; refuses fewer than two cells or seeds, rows of different lengths, and NaN.
    let ofRows (rows: float[][]) : Blocks =
        Check.AtLeast(rows.Length, 2, "cells", "Give two cells or more.")
        Check.AtLeast(rows[0].Length, 2, "seeds", "Give two seeds or more.")

        for row in rows do
            Check.That((row.Length = rows[0].Length), nameof rows, $"{rows[0].Length} scores a cell", row.Length)

            for score in row do
                Check.That(Double.IsFinite score, nameof rows, "finite scores", score)

        { Rows = rows }

    /// The scores on those seeds that all cells have, cell by cell; None where that leaves fewer than two seeds or
    /// cells.
    let common (cells: Map<'seed, float>[]) : Blocks option =
        if cells.Length < 2 then
            None
        else
            let seeds =
                cells[0].Keys
                |> Seq.filter (fun seed -> cells |> Array.forall (Map.containsKey seed))
                |> Array.ofSeq

            if seeds.Length < 2 then
                None
            else
                Some(ofRows (cells |> Array.map (fun scores -> seeds |> Array.map (fun seed -> scores[seed]))))

    /// Means of cells over seeds [C].
    let means (blocks: Blocks) : float[] = blocks.Scores |> Array.map Array.average

    /// Means of seeds over cells [K].
    let seedMeans (blocks: Blocks) : float[] = blocks.Scores |> Array.transpose |> Array.map Array.average

    /// Index of the best mean; the first of equal ones.
    let best (blocks: Blocks) : int =
        let means = means blocks
        Array.IndexOf(means, Array.max means)

    /// (C − 1)(K − 1), the degrees of freedom of the rest.
    let degrees (blocks: Blocks) : float = float ((blocks.Cells - 1) * (blocks.Seeds - 1))

    /// What cell and seed leave over: score − cell's mean − seed's mean + mean, [C][K].
    let rest (blocks: Blocks) : float[][] =
        let means, seeds = means blocks, seedMeans blocks
        let centre = Array.average means

        blocks.Scores
        |> Array.mapi (fun c row -> row |> Array.mapi (fun k score -> score - means[c] - seeds[k] + centre))
