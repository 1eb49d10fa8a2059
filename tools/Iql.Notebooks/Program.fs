module Iql.Notebooks.Program

open System
open System.IO

let help =
    """Iql.Notebooks: run the F# cells of a notebook and keep what they show

Usage: Iql.Notebooks run NOTEBOOK.ipynb [--output FILE] [--check]

  --output FILE  Write the notebook with its outputs here [default: in place]
  --check        Only run; write nothing

Exit codes: 0 every cell ran, 1 a cell failed (its number and line are named), 2 the request was wrong.
#r and #load in a cell are relative to the notebook. `display x` shows x at once; a cell's last value is shown too."""

let private run (path: string) (target: string option) : int =
    let full = Path.GetFullPath path
    let target = target |> Option.map Path.GetFullPath
    let notebook = Notebook.load full

    let report cell (elapsed: TimeSpan) =
        eprintfn "%s: cell %d, %.1f s" path cell elapsed.TotalSeconds

    let failure = Session.run full report notebook
    target |> Option.iter (fun target -> Notebook.save target notebook)

    match failure with
    | None -> 0
    | Some failure ->
        eprintfn "%s: %s" path failure.Message
        1

[<EntryPoint>]
let main words =
    try
        match List.ofArray words with
        | [ "run"; path ] -> run path (Some path)
        | [ "run"; path; "--check" ] -> run path None
        | [ "run"; path; "--output"; target ] -> run path (Some target)
        | []
        | [ "--help" | "-h" ] ->
            printfn "%s" help
            0
        | words ->
            let given = String.concat " " words
            eprintfn "Iql.Notebooks: expected `run NOTEBOOK [--output FILE | --check]`, got `%s`." given
            2
    with
    | :? InvalidDataException
    | :? IOException as error ->
        eprintfn "Iql.Notebooks: %s" error.Message
        2
