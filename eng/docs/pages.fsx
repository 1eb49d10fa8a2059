// The pages of docs for fsdocs, and what fsdocs leaves to do. README.md says more.
//
//     dotnet fsi pages.fsx prepare FOLDER     copies docs into FOLDER, each page with its place in the navigation
//     dotnet fsi pages.fsx finish SITE        sets each page's way to the root, makes the search's index, checks links
open System
open System.IO
open System.Text.Json
open System.Text.RegularExpressions

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, "..", ".."))
let docs = Path.Combine(root, "docs")
let read (path: string) : string = File.ReadAllText(path).ReplaceLineEndings "\n"
let files (folder: string) (pattern: string) = Directory.GetFiles(folder, pattern, SearchOption.AllDirectories)
let under (folder: string) (path: string) = Path.GetRelativePath(folder, path).Replace('\\', '/')

/// The pages in the order of the contents, docs/README.md, with the heading that each is under.
let contents: (string * string) list =
    ("README.md", "First steps")
    :: [
        for part in Regex.Split(read (Path.Combine(docs, "README.md")), @"(?m)^## +") |> Seq.skip 1 do
            for link in Regex.Matches(part, @"\]\(((?!\.\.)[\w./-]+\.md)") -> link.Groups[1].Value, part.Split('\n')[0]
    ]
    |> List.distinctBy fst

/// fsdocs reads every block as F# that does not begin with another language. Ours are text as they stand.
let asText (page: string) : string =
    let block (code: string) = $"```\n[lang=text]\n{code.TrimEnd '\n'}\n```\n\n"
    let indented (found: Match) = block (Regex.Replace(found.Value, "(?m)^    ", ""))

    String.concat "" [
        for part in Regex.Split(page, @"(?ms)(^```.*?^```\n)") do
            if part.StartsWith "```" then
                block (Regex.Replace(part, @"(?m)^```.*\n", ""))
            else
                Regex.Replace(part, @"(?m)(?<=^\n)(?:^    .*\n(?:\n+(?=    ))?)+", indented)
    ]

let prepare (target: string) =
    let subjects = contents |> List.map snd |> List.distinct

    for path in files docs "*" do
        let name = under docs path
        let place = Path.Combine(target, (if name = "README.md" then "index.md" else name))
        Directory.CreateDirectory(Path.GetDirectoryName place) |> ignore

        if name.EndsWith ".md" then
            let page = read path
            let title = Regex.Match(page, @"(?m)^# (.*)$").Groups[1].Value
            let index = contents |> List.findIndex (fun (page, _) -> page = name)
            let subject = snd contents[index]

            let head = [
                "---"
                $"title: {title}"
                $"category: {subject}"
                $"categoryindex: {List.findIndex ((=) subject) subjects + 1}"
                $"index: {index + 1}"
                "---"
                ""
            ]

            // A page of the site lies as deep as its source, so links to other files of the repository hold.
            let up = if name.Contains '/' then "../" else ""
            let page = (asText page).Replace($"]({up}README.md", $"]({up}index.md")
            File.WriteAllText(place, String.concat "\n" head + page)
        else
            File.Copy(path, place)

/// The links of a page that are no addresses.
let links (html: string) : string list = [
    for link in Regex.Matches(html, "(?:href|src)=\"([^\"]*)\"") do
        let target = Net.WebUtility.HtmlDecode link.Groups[1].Value

        if target <> "" && not (Regex.IsMatch(target, "^([a-z]+:|//)")) then
            Uri.UnescapeDataString target
]

/// Anchors as the links of docs name them: "The robots on MuJoCo" is "the-robots-on-mujoco".
let anchors (html: string) : string =
    let heading = @"<h\d><a name=""([^""]+)"" class=""anchor"" href=""[^""]*"">(.*?)</a></h\d>"

    (html, Regex.Matches(html, heading))
    ||> Seq.fold (fun html found ->
        let text =
            Net.WebUtility.HtmlDecode(Regex.Replace(found.Groups[2].Value, "<[^>]*>", "")).ToLowerInvariant()

        let slug = Regex.Replace(text, @"[^\w\- ]", "").Trim().Replace(' ', '-')
        let name = found.Groups[1].Value
        html.Replace($"name=\"{name}\"", $"name=\"{slug}\"").Replace($"href=\"#{name}\"", $"href=\"#{slug}\""))

/// A page as fsdocs made it, with its way to the root, without links to pages that are not made.
let finished (site: string) (page: string) : string =
    let up = String.replicate ((under site page).Split('/').Length - 1) "../"
    let html = File.ReadAllText(page).Replace("@root@/", (if up = "" then "./" else up))

    if (under site page).StartsWith "reference/" then
        // Types that fsdocs cannot read, and those that are internal, have no page.
        let known (link: Match) =
            if File.Exists(Path.Combine(site, "reference", link.Groups[1].Value)) then
                link.Value
            else
                link.Groups[2].Value

        Regex.Replace(html, @"<a href=""\.\./reference/([\w-]+\.html)"">(.*?)</a>", known)
    else
        // fsdocs leaves links with a heading as they are.
        let made (link: Match) =
            let path = Path.ChangeExtension(link.Groups[1].Value, "html")

            if File.Exists(Path.Combine(Path.GetDirectoryName page, path)) then
                $"href=\"{path}#"
            else
                link.Value

        Regex.Replace(anchors html, @"href=""([^""#:]+\.md)#", made)

let finish (site: string) =
    let pages = files site "*.html" |> Array.sort

    for page in pages do
        File.WriteAllText(page, finished site page)

    // A script, which a page may load from a folder; a browser reads JSON from a server only.
    let index = File.ReadAllText(Path.Combine(site, "index.json")).Replace("@root@/", "")
    File.Delete(Path.Combine(site, "index.json"))
    File.WriteAllText(Path.Combine(site, "content", "search-index.js"), $"const pages = {index};\n")

    let ids =
        let read (page: string) =
            set [ for id in Regex.Matches(File.ReadAllText page, "(?:id|name)=\"([^\"]+)\"") -> id.Groups[1].Value ]

        let known = Collections.Concurrent.ConcurrentDictionary<string, Set<string>>()
        fun page -> known.GetOrAdd(page, read)

    let broken = [
        for page in pages do
            for link in List.distinct (links (File.ReadAllText page)) do
                let parts = link.Split('#', 2)
                let path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName page, parts[0].Split('?')[0]))
                let path = if parts[0] = "" then page else path

                if not (File.Exists path || Directory.Exists path) then
                    $"{under site page}: {link} leads nowhere"
                elif
                    parts.Length = 2
                    && parts[1] <> ""
                    && path.EndsWith ".html"
                    && not (Set.contains parts[1] (ids path))
                then
                    $"{under site page}: {link} has no such heading"
    ]

    let missing = [
        for page, _ in contents do
            let page = Path.ChangeExtension((if page = "README.md" then "index.md" else page), "html")

            if not (File.Exists(Path.Combine(site, page))) then
                $"{page} is missing"
    ]

    for line in broken @ missing do
        printfn "%s" line

    printfn "%d pages of docs, expected %d" (contents.Length - missing.Length) contents.Length
    exit (if broken.IsEmpty && missing.IsEmpty then 0 else 1)

match fsi.CommandLineArgs with
| [| _; "prepare"; folder |] -> prepare folder
| [| _; "finish"; site |] -> finish (Path.GetFullPath site)
| _ ->
    eprintfn "expected: pages.fsx prepare FOLDER, or pages.fsx finish SITE"
    exit 2
