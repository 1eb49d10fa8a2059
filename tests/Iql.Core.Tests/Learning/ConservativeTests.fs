module Iql.Core.Tests.Learning.ConservativeTests
