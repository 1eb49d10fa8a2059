namespace Iql.Cli

open System
open System.IO

/// Standard output and standard error. Work never ends because a terminal, a pipe or a log takes no more text.
[<RequireQualifiedAccess>]
module Output =

    /// Writes to another writer as long as that works, and drops the rest.
    type private Tolerant(inner: TextWriter) =
        inherit TextWriter()

        /// The first failure.
        member val Failure: exn option = None with get, set

        member private writer.Try(write: unit -> unit) : unit =
            try
                write ()
            with error ->
                writer.Failure <- writer.Failure |> Option.orElse (Some error)

        override _.Encoding = inner.Encoding
        override writer.Write(letter: char) = writer.Try(fun () -> inner.Write letter)
        override writer.Write(text: string) = writer.Try(fun () -> inner.Write text)

        override writer.Write(letters: char[], first: int, count: int) =
            writer.Try(fun () -> inner.Write(letters, first, count))

        override writer.WriteLine(text: string) = writer.Try(fun () -> inner.WriteLine text)
        override writer.Flush() = writer.Try inner.Flush

    let mutable private standard: Tolerant option = None

    /// Makes both writers of the console tolerant. A closed one is as good as none.
    let protect () : unit =
        let tolerant (writer: unit -> TextWriter) =
            try
                new Tolerant(writer ())
            with _ ->
                new Tolerant(TextWriter.Null)

        standard <- Some(tolerant (fun () -> Console.Out))
        Console.SetOut standard.Value
        Console.SetError(tolerant (fun () -> Console.Error))

    /// Why some of standard output was lost, if it was.
    let failure () : string option = standard |> Option.bind _.Failure |> Option.map _.Message
