using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Iql.Training;

namespace Iql.Export;

/// <summary>A run's metrics as an event file of TensorBoard: records of length, masked CRC-32C of it, an Event, masked
/// CRC-32C of that, little-endian. Tags: "train/valueLoss", "evaluation/scoreMean", "acting/return", "weights".
/// </summary>
/// <remarks>tensorflow: core/lib/io/record_writer.h, core/util/event.proto, core/framework/summary.proto.</remarks>
public static class EventFile
{
    /// <summary>Its name: TensorBoard looks for "tfevents".</summary>
    public const string Name = "events.out.tfevents.0000000000.iql";

    /// <summary>Writes a run's events, in the order of their steps.</summary>
    /// <param name="start">When the run began, in seconds since 1970.</param>
    public static void Write(Stream stream, Run run, double start)
    {
        Record(stream, new Protobuf().Double(1, start).Text(3, "brain.Event:2"));
        MetricsLine[] lines = [.. run.Train, .. run.Evaluations, .. run.Acting, .. run.Weights];
        foreach (var line in lines.OrderBy(line => line.Step))
        {
            var summary = new Protobuf();
            foreach (var value in Values(line)) summary.Message(1, value);
            Record(stream, new Protobuf().Double(1, start + line.Seconds).Int(2, line.Step).Message(5, summary));
        }
    }

    static IEnumerable<Protobuf> Values(MetricsLine line) => line switch
    {
        TrainLine train => train.Metrics.Select(metric => Scalar($"train/{metric.Key}", metric.Value))
            .Append(Scalar("train/stepsPerSecond", train.StepsPerSecond)),
        EvaluationLine own => Scalars("evaluation", ("scoreMean", own.ScoreMean), ("returnMean", own.ReturnMean),
            ("returnStd", own.ReturnStd), ("successRate", own.SuccessRate)),
        ActingLine own => Scalars("acting", ("return", own.Return), ("length", own.Length), ("success", own.Success),
            ("environmentSteps", own.EnvironmentSteps)),
        WeightsLine own => [new Protobuf().Text(1, "weights").Message(5, Histogram(own))],
        _ => [],
    };

    static IEnumerable<Protobuf> Scalars(string kind, params (string Name, double? Value)[] values) =>
        from each in values
        where each.Value is not null
        select Scalar($"{kind}/{each.Name}", each.Value!.Value);

    static Protobuf Scalar(string tag, double value) => new Protobuf().Text(1, tag).Float(2, (float)value);

    /// <summary>A bin of ours is an upper limit and a count there; its sum is taken at its middle.</summary>
    static Protobuf Histogram(WeightsLine line)
    {
        double[] limits = [.. line.Edges.Skip(1)], counts = [.. line.Counts.Select(count => (double)count)];
        double[] middles = [.. counts.Select((_, i) => (line.Edges[i] + line.Edges[i + 1]) / 2)];
        double Total(Func<double, double> of) => counts.Zip(middles, (count, middle) => count * of(middle)).Sum();
        return new Protobuf().Double(1, line.Edges[0]).Double(2, line.Edges[^1]).Double(3, counts.Sum())
            .Double(4, Total(x => x)).Double(5, Total(x => x * x))
            .Bytes(6, MemoryMarshal.AsBytes<double>(limits)).Bytes(7, MemoryMarshal.AsBytes<double>(counts));
    }

    static void Record(Stream stream, Protobuf message)
    {
        var data = message.ToArray();
        Span<byte> head = stackalloc byte[12], tail = stackalloc byte[4];
        BinaryPrimitives.WriteInt64LittleEndian(head, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Masked(head[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, Masked(data));
        stream.Write(head);
        stream.Write(data);
        stream.Write(tail);
    }

    // A checksum of data that hold checksums: they are turned and shifted.
    static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = ~0u;
        foreach (var each in data) crc = BitOperations.Crc32C(crc, each);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8u;
    }
}
