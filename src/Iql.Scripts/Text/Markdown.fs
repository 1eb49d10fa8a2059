namespace Iql.Scripts

open System.Text.RegularExpressions
open Giraffe.ViewEngine

/// Pages of docs inside a report: headings, paragraphs, lists, tables, blocks of code, and within a line code, strong
/// words and links. Links to other files lead nowhere in a report, so only their words stay.
[<RequireQualifiedAccess>]
module internal Markdown =

    /// Text; what is between backticks is code, and what is between pairs of asterisks is strong.
    let text (words: string) : XmlNode list = [
        for i, part in Array.indexed (Regex.Split(words, @"(\*\*.+?\*\*|`.+?`)")) do
            match i % 2, part with
            | 0, plain -> str plain
            | _, marked when marked[0] = '`' -> code [] [ str (marked.Trim '`') ]
            | _, marked -> strong [] [ str (marked.Trim '*') ]
    ]

    let private line (words: string) : XmlNode list = text (Regex.Replace(words, @"\[([^\]]+)\]\([^)]*\)", "$1"))

    /// "Cells compared at once" is "cells-compared-at-once".
    let slug (heading: string) : string = Regex.Replace(heading.ToLowerInvariant(), @"[^a-z0-9]+", "-").Trim '-'

    let private row cellTag (words: string) =
        tr [] [ for each in words.Trim().Trim('|').Split '|' -> cellTag [] (line (each.Trim())) ]

    let private listItems (block: string) =
        Regex.Split(block, @"(?m)^- ")
        |> Array.filter ((<>) "")
        |> Array.map (fun item -> li [] (line (item.Replace("\n", " "))))
        |> List.ofArray

    let private block (prefix: string) (text: string) : XmlNode list =
        let lines = List.ofArray (text.Split '\n')

        match lines.Head with
        | head when head.StartsWith "<!--" -> []
        | head when head.StartsWith "# " -> []
        | head when head.StartsWith "## " ->
            let words = head.Substring 3

            h3 [ _id $"{prefix}-{slug words}" ] [ str words ]
            :: (if lines.Tail.IsEmpty then [] else [ p [] (line (String.concat " " lines.Tail)) ])
        | head when head.StartsWith "|" && lines.Length > 1 -> [
            div [ _class "wide" ] [
                table [] [
                    caption [] [ str (Regex.Match(head, @"[^|]*[^|\s]").Value.Trim()) ]
                    thead [] [ row (fun attributes -> th (_scope "col" :: attributes)) head ]
                    tbody [] [ for each in List.skip 2 lines -> row td each ]
                ]
            ]
          ]
        | head when head.StartsWith "- " -> [ ul [] (listItems text) ]
        | head when head.StartsWith "    " -> [ pre [] [ str text ] ]
        | _ -> [ p [] (line (String.concat " " lines)) ]

    /// The page below its title; the heading of a section has the id prefix-slug.
    let page (prefix: string) (text: string) : XmlNode list =
        Regex.Split(text.Replace("\r", "").Trim(), @"\n\s*\n")
        |> List.ofArray
        |> List.collect (block prefix)

    /// The slugs of its sections.
    let sections (text: string) : string list = [
        for each in Regex.Matches(text, @"(?m)^## (.+)$") -> slug each.Groups[1].Value
    ]
