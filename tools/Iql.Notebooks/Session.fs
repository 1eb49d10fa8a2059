namespace Iql.Notebooks

open System
open System.IO
open System.Reflection
open FSharp.Compiler.Diagnostics
open FSharp.Compiler.Interactive.Shell

/// Runs the cells of a notebook one after another in one F# Interactive session inside this process.
module Session =

    /// Where a notebook stopped: its cell (counted from 1 among all cells) and the compiler's or the program's words.
    type Failure = { Cell: int; Message: string }

    let private start (notebook: string) : FsiEvaluationSession =
        // #r and #load in cells are relative to the notebook, and the session looks where the process stands when it starts.
        Environment.CurrentDirectory <- (Path.GetDirectoryName(Path.GetFullPath notebook))

        let session =
            FsiEvaluationSession.Create(
                FsiEvaluationSession.GetDefaultConfiguration(),
                [| "fsi"; "--noninteractive"; "--nologo"; "--quiet"; "--optimize+" |],
                new StringReader "",
                TextWriter.Null,
                TextWriter.Null
            )

        let runner = Assembly.GetExecutingAssembly().Location
        session.EvalInteraction($"#r @\"{runner}\"\nlet display (value: 'a) = Iql.Notebooks.Cell.display (box value)")
        session

    let private explain (cell: int) (error: exn) (diagnostics: FSharpDiagnostic[]) : string =
        let errors =
            diagnostics
            |> Array.filter (fun diagnostic -> diagnostic.Severity = FSharpDiagnosticSeverity.Error)

        match errors with
        | [||] ->
            let inner =
                match error with
                | :? TargetInvocationException as error when not (isNull error.InnerException) -> error.InnerException
                | error -> error

            $"cell {cell}: {inner.GetType().Name}: {inner.Message}"
        | errors ->
            errors
            |> Array.map (fun diagnostic ->
                $"cell {cell}, line {diagnostic.StartLine}, column {diagnostic.StartColumn + 1}: {diagnostic.Message}")
            |> String.concat "\n"

    /// Runs every F# cell and stores what it showed; stops at the first that fails.
    let run (path: string) (report: int -> TimeSpan -> unit) (notebook: Text.Json.Nodes.JsonObject) : Failure option =
        let cells = Notebook.codeCells notebook
        use session = start path

        let runCell (number: int) (index: int, cell) : Failure option =
            let clock = Diagnostics.Stopwatch.StartNew()

            let (result, diagnostics), outputs =
                Cell.collect (fun () -> session.EvalInteractionNonThrowing(Notebook.source cell, $"cell{index}.fsx"))

            report index clock.Elapsed

            match result with
            | Choice1Of2 value ->
                let shown =
                    match value with
                    | Some value when not (isNull value.ReflectionValue) && value.ReflectionType <> typeof<unit> -> [
                        Shown(Display.bundle value.ReflectionValue)
                      ]
                    | _ -> []

                Notebook.store number (outputs @ shown) cell
                None
            | Choice2Of2 error ->
                let message = explain index error diagnostics
                Notebook.store number (outputs @ [ Failed message ]) cell
                Some { Cell = index; Message = message }

        cells |> List.indexed |> List.tryPick (fun (i, cell) -> runCell (i + 1) cell)
