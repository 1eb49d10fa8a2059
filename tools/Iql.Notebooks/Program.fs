module Iql.Notebooks.Program

let help =
    """Usage: Iql.Notebooks run NOTEBOOK.ipynb...
Runs the F# cells of each notebook and stores their outputs in it."""

[<EntryPoint>]
let main _ =
    printfn "%s" help
    0
