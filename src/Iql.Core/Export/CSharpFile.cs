using System.Runtime.InteropServices;
using System.Text;
using Iql.Graph;
using Iql.Policies;

namespace Iql.Export;

/// <summary>A policy as one file of C#, a class without dependencies, in double precision: the loops of every op of its
/// <see cref="PolicyGraph"/> for one row, and its numbers as text.</summary>
static class CSharpFile
{
    internal static string Of(Policy policy, PolicyCard card, string name)
    {
        var traced = PolicyGraph.Of(policy, 1);
        var results = traced.Outputs.Where(output => output.Name is "action" || output.Name.StartsWith("next_"));
        var order = Order.Of(results.Select(output => output.Value));
        var arrays = new Dictionary<Tensor, string>();
        StringBuilder parameters = new(), body = new();
        var numbers = new List<float>();
        foreach (var parameter in traced.Parameters)
        {
            if (!order.Any(node => node.Op == Op.Input && node.Name == parameter.Name)) continue;
            var (field, count) = (Field(parameter.Name), parameter.Shape.Count);
            parameters.AppendLine($"    static readonly double[] {field} = Numbers.Part({numbers.Count}, {count});");
            numbers.AddRange(parameter.Values.Span);
        }
        foreach (var node in order)
        {
            arrays[node] = node.Op == Op.Input ? Field(node.Name) : $"t{arrays.Count}";
            if (node.Op == Op.Input) continue;
            body.AppendLine($"        var {arrays[node]} = new double[{node.Shape.Count}]; // {node.Op} {node.Shape}");
            foreach (var line in CSharpOp.Of(node, arrays[node], [.. node.Sources.Select(source => arrays[source])]))
                body.AppendLine($"        {line}");
        }
        var memory = traced.Inputs.Where(input => input.Name.StartsWith("context_")).ToArray();
        foreach (var (output, value) in results.Where(output => output.Name != "action"))
            body.AppendLine($"        context_{output["next_".Length..]} = {arrays[value]};");

        return $$"""
            // Written by Iql {{card.Version}}. It needs nothing but .NET.
            {{string.Join("\n", card.ToJson().Split('\n').Select(line => $"// {line}"))}}
            #nullable disable
            using System;

            /// <summary>A trained policy: observations in, actions out, both in the units of the data.</summary>
            public sealed class {{name}}
            {
                /// <summary>What an observation has, in order.</summary>
                public static readonly string[] Observations = { {{Names(card.Observations)}} };
                /// <summary>What an action has, in order.</summary>
                public static readonly string[] Actions = { {{Names(card.Actions)}} };

            {{Acting(traced, memory)}}
                {
                    if (observation.Length != {{policy.ObservationSize}}) throw new ArgumentException(
                        "observation: expected {{policy.ObservationSize}} numbers, got " + observation.Length + ".");
            {{body.ToString().TrimEnd()}}
                    {{(memory.Length > 0 ? "decision[0]++;\n        " : "")}}return {{arrays[traced.Outputs[0].Value]}};
                }

            {{Beside(policy, traced)}}
            {{parameters.ToString().TrimEnd()}}

            {{Helpers}}
                static class Numbers
                {
                    static readonly byte[] Bytes = Convert.FromBase64String(@"
            {{string.Join("\n", Convert.ToBase64String(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(numbers)))
                .Chunk(116).Select(line => new string(line)))}}");

                    internal static double[] Part(int start, int count)
                    {
                        var part = new double[count];
                        for (var i = 0; i < count; i++) part[i] = BitConverter.ToSingle(Bytes, 4 * (start + i));
                        return part;
                    }
                }
            }

            """;
    }

    /// <summary>The memory and the head of Act.</summary>
    static string Acting(PolicyGraph traced, Tensor[] memory)
    {
        var draws = traced.Inputs.FirstOrDefault(input => input.Name is "noise" or "uniform");
        var takes = string.Concat(traced.Inputs.Where(input => input.Name is "noise" or "uniform")
            .Select(input => $", double[] {input.Name}"));
        var what = draws is null ? "" : draws.Name == "noise"
            ? $" noise: {draws.Shape.Count} standard normal numbers, new ones each time."
            : $" uniform: {draws.Shape.Count} numbers on [0, 1), new ones each time.";
        if (memory.Length == 0) return $$"""
                /// <summary>The action for an observation.{{what}}</summary>
                public double[] Act(double[] observation{{takes}})
            """;
        var fields = memory.Select(input => $"    double[] {Field(input.Name)} = new double[{input.Shape.Count}];");
        var clear = memory.Select(input => $"        {Field(input.Name)} = new double[{input.Shape.Count}];");
        return $$"""
            {{string.Join("\n", fields)}}
                readonly double[] decision = { 0 };

                /// <summary>Begins an episode, with nothing remembered.</summary>
                public void Reset()
                {
                    decision[0] = 0;
            {{string.Join("\n", clear)}}
                }

                /// <summary>The next action of the episode.</summary>
                /// <param name="lastReward">What the decision before brought; 0 at the first.</param>
                public double[] Act(double[] observation, double lastReward = 0{{takes}}) =>
                    Decide(observation, new[] { lastReward }{{(draws is null ? "" : $", {draws.Name}")}});

                double[] Decide(double[] observation, double[] reward{{takes}})
            """;
    }

    /// <summary>What is called with it: a batch, a choice.</summary>
    static string Beside(Policy policy, PolicyGraph traced)
    {
        if (traced.Inputs.Length > 1) return "";
        var batch = """
                /// <summary>The actions for many observations.</summary>
                public double[][] Act(double[][] observations) => Array.ConvertAll(observations, each => Act(each));

            """;
        return !policy.Actions.IsDiscrete ? batch : batch + """

                /// <summary>The number of the action that it takes, from 0.</summary>
                public int Choose(double[] observation) => Array.IndexOf(Act(observation), 1.0);

            """;
    }

    const string Helpers = """
            static double Erf(double x)
            {
                var u = Math.Abs(x);
                if (u > 6) return Math.Sign(x);
                if (u > 2)
                {
                    var fraction = u;
                    for (var k = 80; k > 0; k--) fraction = u + k * 0.5 / fraction;
                    return Math.Sign(x) * (1 - Math.Exp(-u * u) / (Math.Sqrt(Math.PI) * fraction));
                }
                double term = x, sum = x;
                for (var n = 1; n < 40; n++) sum += term *= 2 * x * x / (2 * n + 1);
                return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
            }

        """;

    static string Names(IEnumerable<CardColumn> columns) =>
        string.Join(", ", columns.Select(column => System.Text.Json.JsonSerializer.Serialize(column.Name)));

    /// <summary>A name of the graph as one of C#.</summary>
    static string Field(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    /// <summary>The class's name: the file's, "plant-policy" is PlantPolicy.</summary>
    internal static string ClassOf(string path)
    {
        var words = Path.GetFileNameWithoutExtension(path).Split('-', '_', '.', ' ');
        var name = string.Concat(words.Where(word => word != "").Select(word =>
            char.ToUpperInvariant(word[0]) + Field(word[1..])));
        return name != "" && char.IsAsciiLetter(name[0]) ? name : $"Policy{Field(name)}";
    }
}
