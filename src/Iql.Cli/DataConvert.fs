namespace Iql.Cli

open Iql.Scripts

open System.IO
open Iql.Data.Files
open Iql.Environments.Tasks

/// The command `iql data convert`.
module DataConvert =

    type private Conversion = {
        Source: string
        Target: string
        Form: DatasetForm option
        Drop: string list
        Cut: bool
        UnpackedLimit: int64 option
        Columns: (string * string) list
    }

    /// The layout of a name's ending.
    let private formOf (target: string) : DatasetForm =
        match Path.GetExtension(target).ToLowerInvariant() with
        | ".hdf5"
        | ".h5" -> DatasetForm.D4rl
        | ".npz" -> DatasetForm.Npz
        | "" -> DatasetForm.Minari
        | other ->
            Command.refuse
                $"OUT: expected a name ending in .hdf5, .h5 or .npz, got '{other}' in {target}. For Minari, give a \
                      folder's name without an ending, or --to."

    /// D4RL's reference scores, if the file has a task's name.
    let private scores (source: string) =
        readOnlyDict [
            match ReferenceScores.Find(Path.GetFileNameWithoutExtension source) with
            | null -> ()
            | reference ->
                "ref_min_score", $"{reference.Random:R}"
                "ref_max_score", $"{reference.Expert:R}"
        ]

    let command: Command =
        Command.create
            "data convert"
            "Convert a data set between D4RL's HDF5, Minari's folder and .npz, without loss"
            "A conversion and its reverse give the same arrays to the bit. Arrays that have no place in the other \
             layout are refused by name; --drop leaves them out. docs/data-formats.md has the rules."
            [
                Parameter.text
                    "IN"
                    "An .hdf5 or .npz file, or a Minari data set's folder"
                    (fun file (conversion: Conversion) -> { conversion with Source = file })
                Parameter.text
                    "OUT"
                    "A new .hdf5 or .npz file, or a new folder (a name without an ending) for Minari"
                    (fun file conversion -> { conversion with Target = file })
            ]
            [
                Parameter.choice
                    "--to"
                    [ "d4rl", DatasetForm.D4rl; "minari", DatasetForm.Minari; "npz", DatasetForm.Npz ]
                    "The layout to write"
                    (fun form conversion -> { conversion with Form = Some form })
                |> Parameter.showing "from the ending of OUT"
                Parameter.value
                    "--drop NAME,..."
                    "Arrays or groups of arrays to leave out, such as infos"
                    (Read.listOf Read.text)
                    (fun names conversion -> { conversion with Drop = names })
                Parameter.switch
                    "--cut"
                    "To Minari, from a file without next observations: leave out the last step of cut episodes, as \
                     strict mode does"
                    (fun conversion -> { conversion with Cut = true })
                Data.unpacked (fun limit conversion -> { conversion with UnpackedLimit = Some limit })
                Data.columns (fun names conversion -> { conversion with Columns = names })
            ]
            [
                "iql data convert hopper-medium-v2.hdf5 hopper-medium-v2 --drop infos", "a folder in Minari's layout"
                "iql data convert human-v2 door.hdf5", "and from Minari's to D4RL's"
                "iql data convert own.npz mine.hdf5 --columns observations=obs,actions=acts", "arrays of other names"
            ]
            {
                Source = ""
                Target = ""
                Form = None
                Drop = []
                Cut = false
                UnpackedLimit = None
                Columns = []
            }
            (fun conversion ->
                DatasetConversion.Convert(
                    conversion.Source,
                    conversion.Target,
                    Option.defaultWith (fun () -> formOf conversion.Target) conversion.Form,
                    ResizeArray conversion.Drop,
                    conversion.Cut,
                    scores conversion.Source,
                    Option.toNullable conversion.UnpackedLimit,
                    readOnlyDict conversion.Columns
                )
                |> printfn "%s"

                Shell.wrote conversion.Target)
