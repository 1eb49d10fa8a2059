using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Iql.Bench;

/// <summary>What one call of a benchmark does: floating-point operations, and bytes it reads and writes at least.</summary>
public sealed record Work(string Name, double Flop, double Bytes)
{
    /// <summary>The name, as a parameter of a table shows it.</summary>
    public override string ToString() => Name;
}

/// <summary>Work divided by the mean time; a benchmark says its work by a parameter that is a <see cref="Work"/> or has one.</summary>
public sealed class RateColumn(string name, Func<Work, double> amount) : IColumn
{
    public string Id => nameof(RateColumn) + name;
    public string ColumnName => name;
    public bool AlwaysShow => true;
    public ColumnCategory Category => ColumnCategory.Custom;
    public int PriorityInCategory => 0;
    public bool IsNumeric => true;
    public UnitType UnitType => UnitType.Dimensionless;
    public string Legend => $"{name}, from the work of one call and the mean time";
    public bool IsAvailable(Summary summary) => true;
    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var work = benchmarkCase.Parameters.Items.Select(parameter => parameter.Value).OfType<IWork>().FirstOrDefault()?.Work;
        var nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Mean;
        return work is null || nanoseconds is null || amount(work) == 0 ? "-" : (amount(work) / nanoseconds.Value).ToString("F1", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);
}

/// <summary>A parameter that knows its work.</summary>
public interface IWork
{
    Work Work { get; }
}
