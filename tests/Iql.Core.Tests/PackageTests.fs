/// What a fresh clone downloads for the two commands of README.
module Iql.Core.Tests.PackageTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto

let private path (parts: string list) : string = Path.Combine(List.toArray (Repository.root :: parts))

/// Id and version of every package of paket.lock: lines "    Id (1.2.3)".
let private locked = [
    for line in Repository.lines "paket.lock" do
        let found = Regex.Match(line, @"^ {4}([^ ]+) \(([^ )]+)\)")

        if found.Success then
            found.Groups[1].Value.ToLowerInvariant(), found.Groups[2].Value
]

/// Paket, the only tool that a build installs.
let private paket =
    let text = String.concat "" (Repository.lines "dotnet-tools.json")

    [
        for tool in Regex.Matches(text, "\"([^\"]+)\": \\{\\s*\"version\": \"([^\"]+)\"") ->
            tool.Groups[1].Value, tool.Groups[2].Value
    ]

/// The folder of installed packages of this user.
let private installed =
    match Environment.GetEnvironmentVariable "NUGET_PACKAGES" with
    | null
    | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".nuget", "packages")
    | folder -> folder

/// Megabytes of the unpacked files of a package.
let private megabytes (folder: string) ((id, version): string * string) : float =
    let files =
        DirectoryInfo(Path.Combine(folder, id, version)).EnumerateFiles("*", SearchOption.AllDirectories)

    float (files |> Seq.filter (fun file -> file.Extension <> ".nupkg") |> Seq.sumBy _.Length) / 1e6

[<Tests>]
let tests =
    testList "PackageTests" [
        testCase "a fresh clone downloads at most 450 MB" (fun () ->
            Expect.equal (List.map fst paket) [ "paket" ] "paket"

            let sizes = [
                for package in List.distinct locked -> package, megabytes (path [ ".feed" ]) package
                for tool in paket -> tool, megabytes installed tool
            ]

            let sum = List.sumBy snd sizes
            let largest = sizes |> List.sortByDescending snd |> List.truncate 12
            Expect.isTrue (sum > 50.0 && sum <= 450.0) $"{sum:F0} MB, of these %A{largest}")

        testCase "every group of packages is used by the projects of the solution" (fun () ->
            let solution = String.concat "\n" (Repository.lines "Iql.sln")

            let references = [
                for project in Regex.Matches(solution, "\"([^\"]+)\\\\[^\"]+proj\"") do
                    let file = project.Groups[1].Value.Replace('\\', '/') + "/paket.references"

                    if List.contains file Repository.files then
                        yield! Repository.lines file
            ]

            let groups file = [
                for line in Repository.lines file do
                    let found = Regex.Match(line, "(?i)^group (.+)$")

                    if found.Success then
                        found.Groups[1].Value
            ]

            for group in groups "paket.lock" do
                Expect.contains references $"group {group}" "references"

            Expect.equal
                (List.sort (groups "paket.lock"))
                (List.sort (groups "paket.dependencies"))
                "groups 'paket.lock'")
    ]
