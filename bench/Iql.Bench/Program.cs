using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Iql.Bench;

var config = DefaultConfig.Instance.AddColumn(new RateColumn("GFLOP/s", work => work.Flop), new RateColumn("GB/s", work => work.Bytes));
BenchmarkSwitcher.FromAssembly(typeof(RateColumn).Assembly).Run(args, config);
