namespace Iql.Scripts

open System.Reflection

/// Which build this is.
[<RequireQualifiedAccess>]
module Version =

    /// "0.1.0 (a2a7d95)".
    let text: string =
        match Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>() with
        | null -> "unknown"
        | attribute ->
            match attribute.InformationalVersion.Split '+' with
            | [| number; commit |] -> $"{number} ({commit[..6]})"
            | parts -> parts[0]
