using Iql.Policies;
using Iql.Training;

namespace Iql.Export;

/// <summary>A policy as an ONNX model: IR 8, opset 17, float32, any number of rows.</summary>
static class OnnxFile
{
    // The traced number of rows: the first that divides no extent of the policy.
    static readonly int[] Primes = [1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049];

    /// <summary>A ModelProto.</summary>
    internal static byte[] Of(Policy policy, PolicyCard card)
    {
        var extents = PolicyGraph.Of(policy, 1).Parameters.SelectMany(each => each.Shape.Extents).ToHashSet();
        var rows = Primes.First(prime => !extents.Any(extent => extent % prime == 0));
        var traced = PolicyGraph.Of(policy, rows);
        var graph = new OnnxGraph(rows, traced.Inputs[0].Name);
        foreach (var parameter in traced.Parameters) graph.Parameter(parameter);
        foreach (var (name, value) in traced.Outputs) graph.Output(name, value);
        var message = graph.Message("policy",
            traced.Inputs.Select(input => graph.Value(input.Name, input.Shape)),
            traced.Outputs.Select(output => graph.Value(output.Name, output.Value.Shape)));
        var model = new Protobuf().Int(1, 8).Text(2, "Iql").Text(3, Machine.Version).Message(7, message)
            .Message(8, new Protobuf().Text(1, "").Int(2, 17));
        foreach (var (key, value) in card.Notes(policy, traced.Parameters))
            model.Message(14, new Protobuf().Text(1, key).Text(2, value));
        return model.ToArray();
    }
}
