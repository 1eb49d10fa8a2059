module Iql.Core.Tests.HygieneTests

open System
open System.IO
open System.Text.RegularExpressions
open System.Xml.Linq
open Expecto
open Iql.Tests

let private text =
    Repository.files
    |> List.filter (fun path -> not (Regex.IsMatch(path, @"\.(png|gif|npz|hdf5|safetensors|pdf|zip)$")))

let private linesThat (pattern: string) = [
    for path in text do
        for number, line in Repository.lines path |> Array.indexed do
            if Regex.IsMatch(line, pattern) then
                $"{path}({number + 1}): {line.Trim()}"
]

let private none (what: string) (found: string list) =
    Expect.isTrue found.IsEmpty (what + "\n" + String.concat "\n" (List.truncate 12 found))

[<Tests>]
let tests =
    testList "HygieneTests" [
        testCase "no file names a package registry" (fun () ->
            // Written in pieces, so that this file is not its own finding.
            [
                @"api\." + @"nuget\.org"
                @"registry\." + @"npmjs\.org"
                @"deb\." + @"debian\.org"
                @"pypi\." + @"org"
            ]
            |> String.concat "|"
            |> linesThat
            |> none "Registries belong to the user's machine, not to the repository:")

        testCase "no file names a path of one machine" (fun () ->
            linesThat @"(^|[^a-zA-Z0-9_./~-])/(work|tmp|root|farm|home|Users)/[a-zA-Z]"
            |> none "Paths start at the repository's root or come from the system:")

        testCase "notebooks hold charts as pictures and no scripts" (fun () ->
            for path in Repository.files |> List.filter _.EndsWith(".ipynb") do
                let text = String.concat "\n" (Repository.lines path)
                Expect.stringLacks text "<script" "text"
                Expect.stringContains text "image/png" "text"
                Expect.isLessThan text.Length 1_000_000 $"{path}: expected less than a megabyte, got {text.Length}")

        testCase "no source file is longer than 400 lines" (fun () ->
            [
                for path in Repository.files do
                    if Regex.IsMatch(path, @"^(src|tools)/.*\.(cs|fs)$") && (Repository.lines path).Length > 400 then
                        $"{path}: {(Repository.lines path).Length} lines"
            ]
            |> none "One idea a file; split these:")

        testCase "every public type of the core has a summary" (fun () ->
            let documentation = Path.Combine(AppContext.BaseDirectory, "Iql.Core.xml")

            let documented =
                set [
                    for entry in XDocument.Load(documentation).Descendants(XName.Get "member") do
                        let summary = entry.Element(XName.Get "summary")

                        if not (isNull summary) && not (String.IsNullOrWhiteSpace summary.Value) then
                            entry.Attribute(XName.Get "name").Value
                ]

            [
                for kind in Reflection.Assembly.Load("Iql.Core").GetExportedTypes() do
                    let name = (string kind.FullName).Replace('+', '.')

                    if not (documented.Contains("T:" + name)) then
                        name
            ]
            |> none "Say in one sentence what these types are:")
    ]
