using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Iql.Bench;

// "rows …" measures data sets (LargeData); everything else is BenchmarkDotNet's.
if (args is ["rows", .. var rest] && rest.Length > 0) return LargeData.Run(rest);
var config = DefaultConfig.Instance.AddColumn(new RateColumn("GFLOP/s", work => work.Flop), new RateColumn("GB/s", work => work.Bytes));
BenchmarkSwitcher.FromAssembly(typeof(RateColumn).Assembly).Run(args, config);
return 0;
