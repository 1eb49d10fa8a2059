/// Pages as a browser of this machine draws them.
[<RequireQualifiedAccess>]
module Iql.Scripts.Charts.Chromium

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions

/// The browser on the search path, if there is one.
let path () : string option =
    [ "chromium"; "chromium-browser"; "google-chrome"; "chrome"; "chrome.exe"; "msedge.exe" ]
    |> List.collect (fun name -> [
        for folder in (string (Environment.GetEnvironmentVariable "PATH")).Split Path.PathSeparator ->
            Path.Combine(folder, name)
    ])
    |> List.tryFind File.Exists

/// Opens a page, given as text, without a window: what the browser printed, and its log. `options` say what it prints
/// or writes.
let opened (options: string list) (page: string) : Result<string * string, string> =
    match path () with
    | None -> Error "expected Chromium or Chrome on the search path, got none. On Debian: apt-get install chromium."
    | Some browser ->
        let folder = Directory.CreateTempSubdirectory "iql-page"

        try
            let file = Path.Combine(folder.FullName, "page.html")
            File.WriteAllText(file, page)

            let arguments = [
                "--headless"
                "--no-sandbox"
                "--disable-gpu"
                "--disable-background-networking"
                "--disable-component-update"
                "--hide-scrollbars"
                "--virtual-time-budget=60000"
                $"--user-data-dir={folder.FullName}"
                yield! options
                Uri(file).AbsoluteUri
            ]

            use running =
                ProcessStartInfo(browser, arguments, RedirectStandardOutput = true, RedirectStandardError = true)
                |> Process.Start

            let printed = running.StandardOutput.ReadToEndAsync()
            let log = running.StandardError.ReadToEndAsync()

            if running.WaitForExit(TimeSpan.FromMinutes 3.0) then
                Ok(printed.Result, log.Result)
            else
                running.Kill true
                Error $"{browser}: expected an end within three minutes, got none."
        finally
            // A helper of the browser may still write into it.
            try
                folder.Delete true
            with :? IOException ->
                ()

/// A picture as a PDF of its size.
let pdf (svg: string) : Result<byte[], string> =
    let file = Path.GetTempFileName()
    let size = Regex.Match(svg, "width=\"(\\d+)\" height=\"(\\d+)\"").Groups

    let style = $"@page{{margin:0;size:{size[1]}px {size[2]}px}}body{{margin:0}}svg{{display:block}}"

    try
        $"<!DOCTYPE html><style>{style}</style>{svg}"
        |> opened [ "--no-pdf-header-footer"; $"--print-to-pdf={file}" ]
        |> Result.map (fun _ -> File.ReadAllBytes file)
    finally
        File.Delete file
