namespace Iql.Scripts

open System.Net
open System.Text

/// HTML as a value.
[<RequireQualifiedAccess>]
type Html =
    /// Text for people; everything special in it is escaped.
    | Text of string
    /// name, attributes, children.
    | Element of string * (string * string) list * Html list
    /// HTML as it is; only for what this library wrote.
    | Raw of string

/// Writing HTML, and the look of a report.
[<RequireQualifiedAccess>]
module Html =

    let private alone = set [ "meta"; "link"; "br"; "hr"; "col" ]

    let rec private append (builder: StringBuilder) (html: Html) : unit =
        match html with
        | Html.Text text -> builder.Append(WebUtility.HtmlEncode text) |> ignore
        | Html.Raw text -> builder.Append text |> ignore
        | Html.Element(name, attributes, children) ->
            builder.Append('<').Append name |> ignore

            for key, value in attributes do
                builder.Append(' ').Append(key).Append("=\"").Append(WebUtility.HtmlEncode value).Append '"'
                |> ignore

            builder.Append '>' |> ignore

            if not (alone.Contains name) then
                List.iter (append builder) children
                builder.Append("</").Append(name).Append '>' |> ignore

    /// The HTML text.
    let write (html: Html) : string =
        let builder = StringBuilder()
        append builder html
        builder.ToString()

    /// An element with attributes.
    let element (name: string) (attributes: (string * string) list) (children: Html list) : Html =
        Html.Element(name, attributes, children)

    /// An element without attributes.
    let plain (name: string) (children: Html list) : Html = Html.Element(name, [], children)

    /// Text.
    let text (text: string) : Html = Html.Text text

    /// Text in bold.
    let strong (text: string) : Html = plain "strong" [ Html.Text text ]

    /// A paragraph of text.
    let paragraph (text: string) : Html = plain "p" [ Html.Text text ]

    /// One cell of a table: what is seen, and what it is sorted by.
    type TableCell = { Shown: Html; SortedBy: string }

    /// A table cell that is sorted by what it shows.
    let cell (shown: string) : TableCell = {
        Shown = Html.Text shown
        SortedBy = shown
    }

    /// A table cell with a number; None is a dash that sorts below all numbers.
    let numberCell (show: float -> string) (value: float option) : TableCell =
        match value with
        | Some value -> {
            Shown = Html.Text(show value)
            SortedBy = Json.numberText value
          }
        | None -> { Shown = Html.Text "–"; SortedBy = "" }

    /// A table whose rows are sorted by a click on a column's head; columns of numbers are set to the right.
    let sortable (heads: string list) (rows: TableCell list list) : Html =
        let isNumber (cell: TableCell) =
            cell.SortedBy = ""
            || fst (System.Double.TryParse(cell.SortedBy, System.Globalization.CultureInfo.InvariantCulture))

        let side =
            heads
            |> List.mapi (fun i _ ->
                if rows |> List.forall (fun row -> isNumber (List.item i row)) then
                    [ "class", "number" ]
                else
                    [])

        element "div" [ "class", "wide" ] [
            element "table" [ "class", "sortable" ] [
                plain "thead" [
                    plain "tr" [
                        for head, side in List.zip heads side ->
                            element "th" ([ "scope", "col"; "title", "Sort" ] @ side) [
                                element "button" [ "type", "button" ] [ text head ]
                            ]
                    ]
                ]
                plain "tbody" [
                    for row in rows ->
                        plain "tr" [
                            for cell, side in List.zip row side ->
                                element "td" ([ "data-v", cell.SortedBy ] @ side) [ cell.Shown ]
                        ]
                ]
            ]
        ]

    /// A table of names and values.
    let facts (rows: (string * string) list) : Html =
        element "table" [ "class", "facts" ] [
            plain "tbody" [
                for name, value in rows ->
                    plain "tr" [ element "th" [ "scope", "row" ] [ text name ]; plain "td" [ text value ] ]
            ]
        ]

    /// A figure with a caption below it; it is drawn by `script`.
    let figure (id: string) (caption: string) (figure: Figure) : Html =
        let height =
            figure.Layout
            |> Json.number "height"
            |> Option.defaultValue 420.0
            |> Json.numberText

        element "figure" [] [
            element "div" [ "class", "plot"; "id", id; "style", $"height:{height}px" ] []
            element "script" [ "type", "application/json"; "data-for", id ] [
                Html.Raw(
                    Json.writeForHtml (
                        Json.Object [
                            "data", Json.List figure.Data
                            "layout", figure.Layout
                            "config", figure.Config
                        ]
                    )
                )
            ]
            plain "figcaption" [ text caption ]
        ]

    let private style =
        """
:root{--ink:#1f2933;--soft:#52606d;--line:#d9dee5;--wash:#f5f7fa;--bad:#b42318;--badwash:#fef3f2;--warn:#93600a;--warnwash:#fffaeb;--link:#0b5cad}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:40px 28px 72px;max-width:1080px;color:var(--ink);background:#fff;
 font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:21px;line-height:1.3;margin:52px 0 10px;padding-top:14px;border-top:1px solid var(--line)}
h3{font-size:17px;margin:30px 0 6px}
p,li{max-width:76ch}
ul{padding-left:1.2em;margin:8px 0 14px}
li{margin:5px 0}
a{color:var(--link)}
.under{color:var(--soft);margin:0 0 4px}
header+section h2{border:0;margin-top:18px}
nav{display:flex;flex-wrap:wrap;gap:4px 20px;margin:26px 0 0;font-size:14px}
nav a{text-decoration:none;white-space:nowrap}
nav a:hover{text-decoration:underline}
.lead{font-size:18px;margin:12px 0}
.bad,.warn{border-left:4px solid var(--bad);background:var(--badwash);padding:12px 18px;margin:22px 0;border-radius:3px}
.warn{border-color:var(--warn);background:var(--warnwash)}
.bad h2,.warn h2{border:0;margin:0;padding:0;font-size:18px;color:var(--bad)}
.warn h2{color:var(--warn)}
.bad ul,.warn ul{margin:6px 0 2px}
figure{margin:14px 0 26px}
.plot{width:100%}
.plot .modebar{opacity:0}
.plot:hover .modebar{opacity:1}
figcaption,.note{color:var(--soft);font-size:14px;max-width:84ch;margin-top:2px}
.wide{overflow-x:auto;margin:12px 0}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:5px 12px;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
.sortable{width:100%}
.sortable td{white-space:nowrap}
.sortable thead th{background:var(--wash);border-bottom:1px solid #c3cad4;padding:0}
.sortable button{all:unset;cursor:pointer;display:block;padding:7px 12px;font-weight:600;box-sizing:border-box;width:100%}
.sortable button:focus-visible{outline:2px solid var(--link)}
.sortable th[aria-sort=ascending] button::after{content:" \2191"}
.sortable th[aria-sort=descending] button::after{content:" \2193"}
.sortable tbody tr:hover{background:var(--wash)}
.sortable .number,.sortable .number button{text-align:right}
.scores{margin:16px 0 6px;border-top:2px solid var(--ink);border-bottom:2px solid var(--ink)}
.scores th,.scores td{border:0;padding:5px 14px;text-align:right;white-space:nowrap}
.scores th:first-child,.scores td:first-child{text-align:left;padding-left:4px;font-weight:400}
.scores thead th{font-weight:600;vertical-align:bottom}
.scores thead tr:last-child th{border-bottom:1px solid var(--ink)}
.scores .theirs>*{color:var(--soft);font-size:13px;padding-top:0;padding-bottom:2px}
.scores .theirs th:first-child{padding-left:20px}
.scores .spread{font-size:12px}
.scores tbody+tbody tr:first-child>*{border-top:1px solid var(--ink)}
.scores .range{display:block;color:var(--soft);font-size:12px;line-height:1.25}
.failed{color:var(--bad);font-weight:600}
.pending{color:var(--warn);font-weight:600}
.facts th{font-weight:400;color:var(--soft);white-space:nowrap;padding-left:0}
.facts td{overflow-wrap:anywhere}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(380px,1fr));gap:0 40px}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
pre{background:var(--wash);border:1px solid var(--line);border-radius:4px;padding:12px 16px;overflow-x:auto}
details{margin:14px 0}
summary{cursor:pointer;color:var(--link)}
@media print{
 body{padding:0;max-width:none;font-size:12px}
 nav{display:none}
 h2,h3{margin-top:28px;break-after:avoid}
 figure,tr,.bad,.warn{break-inside:avoid}
 .wide{overflow:visible}
 table{font-size:10px}
 th,td,.sortable button{padding:3px 6px}
 /* A head that is repeated on every page comes out empty in Chromium. */
 thead{display:table-row-group}
 .modebar{display:none!important}
}
"""

    // Draws every figure, sorts every table. A figure that fails says so in its place, and the page's others go on.
    let private script =
        """
document.querySelectorAll('script[data-for]').forEach(function(s){
  var d=document.getElementById(s.dataset.for);
  try{var f=JSON.parse(s.textContent);Plotly.newPlot(d,f.data,f.layout,f.config).catch(function(e){fail(d,e)})}catch(e){fail(d,e)}
});
function fail(d,e){d.textContent='This figure could not be drawn: '+e;d.classList.add('failed');d.dataset.error='1'}
document.querySelectorAll('table.sortable').forEach(function(t){
  t.querySelectorAll('th').forEach(function(th,i){
    th.addEventListener('click',function(){
      var up=th.getAttribute('aria-sort')!=='ascending',body=t.tBodies[0],rows=Array.from(body.rows);
      var v=function(r){var x=r.cells[i].dataset.v,n=Number(x);return x===''?-Infinity:isNaN(n)?x:n};
      rows.sort(function(a,b){
        var x=v(a),y=v(b),c=typeof x==='number'&&typeof y==='number'?x-y||0:String(x).localeCompare(String(y));
        return up?c:-c});
      rows.forEach(function(r){body.appendChild(r)});
      t.querySelectorAll('th').forEach(function(o){o.removeAttribute('aria-sort')});
      th.setAttribute('aria-sort',up?'ascending':'descending');
    });
  });
});
addEventListener('beforeprint',function(){document.querySelectorAll('.plot').forEach(function(d){if(window.Plotly)Plotly.Plots.resize(d)})});
"""

    let private whole (title: string) (scripts: string list) (body: Html list) : string =
        let head =
            plain "head" [
                element "meta" [ "charset", "utf-8" ] []
                element "meta" [ "name", "viewport"; "content", "width=device-width, initial-scale=1" ] []
                plain "title" [ text title ]
                // Keeps browsers from asking for a favicon.
                element "link" [ "rel", "icon"; "href", "data:," ] []
                plain "style" [ Html.Raw style ]
            ]

        let scripts = [ for script in scripts -> plain "script" [ Html.Raw script ] ]

        "<!DOCTYPE html>\n"
        + write (element "html" [ "lang", "en" ] [ head; plain "body" (body @ scripts) ])
        + "\n"

    /// A whole page: it holds its style, plotly.js and its figures, and asks no network for anything.
    let page (title: string) (body: Html list) : string =
        whole title [ Figure.plotly (); script ] body

    /// A whole page whose pictures are still: it holds its style and sorts its tables, without plotly.js.
    let still (title: string) (body: Html list) : string = whole title [ script ] body
