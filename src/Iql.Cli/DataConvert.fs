namespace Iql.Cli

open Iql.Scripts

open System.Globalization
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
    }

    /// The layout that a name asks for.
    let private formOf (target: string) : DatasetForm =
        match Path.GetExtension(target).ToLowerInvariant() with
        | ".hdf5"
        | ".h5" -> DatasetForm.D4rl
        | ".npz" -> DatasetForm.Npz
        | "" -> DatasetForm.Minari
        | other ->
            raise (
                Refusal
                    $"OUT: expected a name ending in .hdf5, .h5 or .npz, or a folder's name without an ending for \
                      Minari, got '{other}' in {target}. Or give --to."
            )

    /// D4RL's reference scores, when the file bears a task's name.
    let private scores (source: string) =
        let number (value: float) =
            value.ToString("R", CultureInfo.InvariantCulture)

        match ReferenceScores.Find(Path.GetFileNameWithoutExtension source) with
        | null -> readOnlyDict []
        | reference ->
            readOnlyDict [
                "ref_min_score", number reference.Random
                "ref_max_score", number reference.Expert
            ]

    let command: Command =
        Command.create
            "data convert"
            "Convert a data set between D4RL's HDF5, Minari's folder and .npz, without loss"
            "A conversion and its reverse give the same arrays to the bit. Arrays that have no place in the other \
             layout are refused by name; --drop leaves them out. docs/data-formats.md has the rules."
            [
                Parameter.value
                    "IN"
                    ""
                    "An .hdf5 or .npz file, or a Minari data set's folder"
                    Read.text
                    (fun file (conversion: Conversion) -> { conversion with Source = file })
                Parameter.value
                    "OUT"
                    ""
                    "A new .hdf5 or .npz file, or a new folder (a name without an ending) for Minari"
                    Read.text
                    (fun file (conversion: Conversion) -> { conversion with Target = file })
            ]
            [
                Parameter.value
                    "--to"
                    "d4rl|minari|npz"
                    "The layout to write"
                    (Read.oneOf [ "d4rl"; "minari"; "npz" ])
                    (fun form conversion -> {
                        conversion with
                            Form =
                                Some(
                                    match form with
                                    | "minari" -> DatasetForm.Minari
                                    | "npz" -> DatasetForm.Npz
                                    | _ -> DatasetForm.D4rl
                                )
                    })
                |> Parameter.showing "from the ending of OUT"
                Parameter.value
                    "--drop"
                    "NAME,..."
                    "Arrays or groups of arrays to leave out, such as infos"
                    (Read.listOf Read.text)
                    (fun names conversion -> { conversion with Drop = names })
                Parameter.switch
                    "--cut"
                    "To Minari, from a file without next observations: leave out the last step of cut episodes, as \
                     strict mode does"
                    (fun conversion -> { conversion with Cut = true })
            ]
            [
                "iql data convert hopper-medium-v2.hdf5 hopper-medium-v2 --drop infos", "a folder in Minari's layout"
                "iql data convert human-v2 door.hdf5", "and from Minari's to D4RL's"
            ]
            {
                Source = ""
                Target = ""
                Form = None
                Drop = []
                Cut = false
            }
            (fun conversion ->
                let form =
                    conversion.Form |> Option.defaultWith (fun () -> formOf conversion.Target)

                let outcome =
                    DatasetConversion.Convert(
                        conversion.Source,
                        conversion.Target,
                        form,
                        ResizeArray conversion.Drop,
                        conversion.Cut,
                        scores conversion.Source
                    )

                printfn "%s" outcome
                printfn "%s" (Path.GetFullPath conversion.Target)
                Shell.success)
