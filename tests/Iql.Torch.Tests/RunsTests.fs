module Iql.Torch.Tests.RunsTests

let nothing = ()
