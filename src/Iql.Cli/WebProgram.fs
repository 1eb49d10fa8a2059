namespace Iql.Cli

open System
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices

/// The program Iql.Web, which alone needs ASP.NET.
[<RequireQualifiedAccess>]
module WebProgram =

    /// The folder of the dotnet that runs this program.
    let private dotnet =
        let runtime = RuntimeEnvironment.GetRuntimeDirectory()

        if Path.GetFileNameWithoutExtension Environment.ProcessPath = "dotnet" then
            Path.GetDirectoryName Environment.ProcessPath
        else
            Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."))

    /// Refuses a machine without ASP.NET, before any work.
    let private requireAspNet (command: string) : unit =
        let frameworks = Path.Combine(dotnet, "shared", "Microsoft.AspNetCore.App")
        let version = $"{Environment.Version.Major}."

        let known =
            Directory.Exists frameworks
            && Directory.GetDirectories frameworks
               |> Array.exists (fun folder -> (Path.GetFileName folder).StartsWith version)

        if not known then
            Command.refuse
                $"{command}: expected the ASP.NET Core runtime {version}x in {dotnet}, found none. Install it; on \
                  Debian: apt-get install aspnetcore-runtime-{version}0."

    /// The web program: beside this one, or in the folders of a build.
    let private program (command: string) : string =
        let here = Path.TrimEndingDirectorySeparator AppContext.BaseDirectory
        let configuration = here |> Path.GetDirectoryName |> Path.GetFileName

        let built root =
            Path.Combine(root, "src", "Iql.Web", "bin", configuration, Path.GetFileName here, "Iql.Web.dll")

        let above =
            here
            |> Seq.unfold (fun folder -> if isNull folder then None else Some(folder, Path.GetDirectoryName folder))

        let places = Path.Combine(here, "Iql.Web.dll") :: [ for folder in above -> built folder ]

        match List.tryFind (fun place -> File.Exists(Path.ChangeExtension(place, ".runtimeconfig.json"))) places with
        | Some place -> place
        | None ->
            Command.refuse $"{command}: expected the program Iql.Web, found none. Build it: dotnet build -c Release"

    /// Starts it with words; `command` is who asks. It ends with its standard input, also when this process is killed.
    let start (command: string) (printing: bool) (words: string list) : Process =
        requireAspNet command
        let host = Path.Combine(dotnet, (if OperatingSystem.IsWindows() then "dotnet.exe" else "dotnet"))
        let info = ProcessStartInfo(host, program command :: words)
        info.RedirectStandardInput <- true
        info.RedirectStandardOutput <- not printing
        Process.Start info

    /// Runs it until a signal; gives its exit code.
    let run (command: string) (words: string list) : int =
        use web = start command true words

        Interrupt.ending (fun stop ->
            use _ = stop.Register(fun () -> web.StandardInput.Close())
            web.WaitForExit()
            web.ExitCode)
