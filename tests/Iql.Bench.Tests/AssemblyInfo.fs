module Iql.Bench.Tests.AssemblyInfo

// Rates are measured and the console is taken: one test at a time.
[<assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)>]
do ()
