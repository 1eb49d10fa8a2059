namespace Iql.Scripts

open System.IO
open System.Reflection

/// Texts that travel inside this assembly: style sheets, scripts, tables.
[<RequireQualifiedAccess>]
module internal Resource =

    /// The text of a file, by its name in the project file.
    let text (name: string) : string =
        use stream = Assembly.GetExecutingAssembly().GetManifestResourceStream name
        use reader = new StreamReader(stream)
        reader.ReadToEnd()
