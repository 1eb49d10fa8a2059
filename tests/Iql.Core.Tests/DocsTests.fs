/// Pages of docs: reached from their index, and without broken links.
module Iql.Core.Tests.DocsTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto

let private pages = Repository.files |> List.filter _.EndsWith(".md")

/// The text of a page without its code.
let private prose (page: string) : string =
    let text = String.concat "\n" (Repository.lines page)
    Regex.Replace(text, @"(?s:```.*?```)|(?m:^ {4}.*$)", "")

/// The targets of a page's links that are no addresses: path from the root, and the heading, or "".
let private links (page: string) : (string * string) list = [
    for found in Regex.Matches(prose page, @"\]\(([^)\s]+)\)") do
        let target = found.Groups[1].Value

        if not (Regex.IsMatch(target, "^[a-z]+:")) then
            let parts = target.Split '#'
            let folder = Path.GetDirectoryName(Path.Combine(Repository.root, page))

            let path =
                if parts[0] = "" then
                    page
                else
                    Path.GetRelativePath(Repository.root, Path.Combine(folder, parts[0])).Replace('\\', '/')

            path, Array.tryItem 1 parts |> Option.defaultValue ""
]

/// The headings of a page as links name them: "The robots on MuJoCo" is "the-robots-on-mujoco".
let private anchors (page: string) : string list = [
    for heading in Regex.Matches(prose page, @"(?m)^#+ +(.*)$") ->
        Regex.Replace(heading.Groups[1].Value.ToLowerInvariant(), @"[^\w\- ]", "").Trim().Replace(' ', '-')
]

[<Tests>]
let tests =
    testList "DocsTests" [
        testCase "no link of a page is broken" (fun () ->
            let broken = [
                for page in pages do
                    for path, heading in links page do
                        let full = Path.Combine(Repository.root, path)

                        if not (File.Exists full || Directory.Exists full) then
                            $"{page}: {path} does not exist"
                        elif heading <> "" && not (List.contains heading (anchors path)) then
                            $"{page}: {path} has no heading #{heading}"
            ]

            Expect.isTrue (pages.Length > 20 && broken.IsEmpty) (String.concat "\n" broken))

        testCase "the equations name every function of losses, networks, optimisers and algorithms" (fun () ->
            let page = String.concat "\n" (Repository.lines "docs/equations.md")
            // Groups of tensors by name are no equations.
            let structure = set [ "Part"; "Group"; "Entries" ]

            let missing = [
                for path in Repository.files do
                    if Regex.IsMatch(path, @"^src/Iql\.Core/(Losses|Networks|Optimizers|Algorithms)/.*\.cs$") then
                        let text = String.concat "\n" (Repository.lines path)

                        for found in
                            Regex.Matches(text, @"public static [\w<>?,\[\]() ]*Tensor[\w<>?,\[\]() ]* (\w+)\(") do
                            let name = found.Groups[1].Value

                            if not (structure.Contains name || Regex.IsMatch(page, $@"\b{name}\b")) then
                                $"{path}: {name}"
            ]

            Expect.isTrue missing.IsEmpty (String.concat "\n" missing))

        testCase "the index of docs links every page, and README links the index" (fun () ->
            let missing =
                pages
                |> List.filter _.StartsWith("docs/")
                |> List.except ("docs/README.md" :: List.map fst (links "docs/README.md"))

            Expect.isTrue missing.IsEmpty (String.concat "\n" missing)
            Expect.contains (List.map fst (links "README.md")) "docs/README.md" "links 'README.md'")
    ]
