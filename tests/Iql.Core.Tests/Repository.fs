/// The checkout that these tests were built from, read as text.
module Iql.Core.Tests.Repository

open System
open System.IO

/// The folder that holds Iql.sln, upwards from the test assembly.
let root =
    AppContext.BaseDirectory
    |> Seq.unfold (fun folder -> if isNull folder then None else Some(folder, Path.GetDirectoryName folder))
    |> Seq.find (fun folder -> File.Exists(Path.Combine(folder, "Iql.sln")))

let private notSource =
    set [
        "bin"
        "obj"
        ".git"
        ".feed"
        ".assets"
        "paket-files"
        "runs"
        "site"
        "node_modules"
        "TestResults"
        ".fsdocs"
    ]

let rec private walk folder = seq {
    yield! Directory.GetFiles folder

    for child in Directory.GetDirectories folder do
        if not (notSource.Contains(Path.GetFileName child)) then
            yield! walk child
}

/// Every file of the checkout but build output, as a path from the root with forward slashes.
let files =
    walk root
    |> Seq.map (fun path -> Path.GetRelativePath(root, path).Replace('\\', '/'))
    |> Seq.filter ((<>) ".git") // a file in a worktree of git
    |> Seq.sort
    |> List.ofSeq

/// The lines of one of these files.
let lines (path: string) = File.ReadAllLines(Path.Combine(root, path))
