module Iql.Scripts.Tests.PlotlyTests

open System.IO
open System.Reflection
open Xunit

[<Fact>]
let ``plotly.js travels inside the assembly`` () =
    use stream = Assembly.Load("Iql.Scripts").GetManifestResourceStream "plotly.min.js"
    Assert.NotNull stream
    use reader = new StreamReader(stream)
    let script = reader.ReadToEnd()
    Assert.StartsWith("/**\n* plotly.js", script)
    // Whoever inlines it must be able to do so without an escape.
    Assert.DoesNotContain("</script", script)
