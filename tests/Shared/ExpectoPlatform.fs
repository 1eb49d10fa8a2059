/// The program of every test project: its Expecto tests on Microsoft.Testing.Platform, which `dotnet test` talks to.
module Iql.Tests.ExpectoPlatform

open System
open System.Collections.Generic
open System.Reflection
open System.Text.RegularExpressions
open System.Threading.Tasks
open Expecto
open Expecto.Impl
open Microsoft.Testing.Platform.Builder
open Microsoft.Testing.Platform.Capabilities.TestFramework
open Microsoft.Testing.Platform.CommandLine
open Microsoft.Testing.Platform.Extensions
open Microsoft.Testing.Platform.Extensions.CommandLine
open Microsoft.Testing.Platform.Extensions.Messages
open Microsoft.Testing.Platform.Extensions.TestFramework
open Microsoft.Testing.Platform.Requests
open Microsoft.Testing.Platform.Services

let private program = Assembly.GetExecutingAssembly()
let private full (name: string list) = String.concat "." name

/// Every value of type Test in the program, and whether it has [<Tests>].
let private values: (string * Test * bool) list = [
    for owner in program.GetTypes() do
        for property in owner.GetProperties(BindingFlags.Static ||| BindingFlags.Public ||| BindingFlags.NonPublic) do
            if property.PropertyType = typeof<Test> then
                let marked = property.IsDefined(typeof<TestsAttribute>)
                $"{owner.Name}.{property.Name}", property.GetValue null :?> Test, marked
]

let rec private within (test: Test) : Test list =
    test
    :: match test with
       | Test.TestCase _ -> []
       | Test.TestList(tests, _) -> List.collect within tests
       | Test.TestLabel(_, inner, _)
       | Test.Sequenced(_, inner) -> within inner

/// What keeps a test from being run, or hides that it is not.
let private faults (all: FlatTest list) : string list =
    let held =
        HashSet<Test>(
            values
            |> List.filter (fun (_, _, marked) -> marked)
            |> List.collect (fun (_, test, _) -> within test),
            HashIdentity.Reference
        )

    [
        for test in all do
            if test.state = Focused then
                $"{full test.name} is focused, so no other test runs"

            if test.name |> List.exists _.Contains('.') then
                $"{full test.name}: expected names without dots"
        for name, count in all |> List.countBy _.name do
            if count > 1 then
                $"{full name} names {count} tests"
        for name, test, _ in values do
            if not (held.Contains test) then
                $"{name} is in no list of [<Tests>]"
    ]

/// --filter PATTERN: the name of a list, or a whole name; * stands for any text.
type private Filter() =
    static member Option = "filter"

    static member Of(services: IServiceProvider) : (string list -> bool) option =
        match services.GetCommandLineOptions().TryGetOptionArgumentList Filter.Option with
        | true, patterns ->
            let regexes = [
                for pattern in patterns ->
                    Regex("^" + Regex.Escape(pattern).Replace(@"\*", ".*") + "$", RegexOptions.Singleline)
            ]

            Some(fun (name: string list) ->
                List.allPairs regexes (full name :: name) |> List.exists (fun (regex, text) -> regex.IsMatch text))
        | _ -> None

    interface IExtension with
        member _.Uid = "expecto-filter"
        member _.Version = "1.0"
        member _.DisplayName = "Filter"
        member _.Description = "Tests by the name of a list or their own"
        member _.IsEnabledAsync() = Task.FromResult true

    interface ICommandLineOptionsProvider with
        member _.GetCommandLineOptions() = [|
            CommandLineOption(
                Filter.Option,
                "The tests of a list, or by whole name; * stands for any text.",
                ArgumentArity.OneOrMore,
                false
            )
        |]

        member _.ValidateOptionArgumentsAsync(_, _) = ValidationResult.ValidTask
        member _.ValidateCommandLineOptionsAsync _ = ValidationResult.ValidTask

type private Framework(services: IServiceProvider) =
    let tests = testFromAssembly program |> Option.defaultValue (testList "" [])
    let all = Test.toTestCodeList tests
    let isLong (name: string list) = List.contains "long" name

    /// The names that a request asks for, and those that it leaves for later.
    let asked (request: RunTestExecutionRequest) : (string list -> bool) * (string list -> bool) =
        match request.Filter, Filter.Of services with
        | :? TestNodeUidListFilter as list, _ ->
            let wanted = set [ for uid in list.TestNodeUids -> uid.Value ]
            (full >> wanted.Contains), (fun _ -> false)
        | _, Some wanted -> wanted, (fun _ -> false)
        | _, None -> (isLong >> not), isLong

    interface IExtension with
        member _.Uid = "expecto"
        member _.Version = "11.1.1"
        member _.DisplayName = "Expecto"
        member _.Description = "Expecto on Microsoft.Testing.Platform"
        member _.IsEnabledAsync() = Task.FromResult true

    interface IDataProducer with
        member _.DataTypesProduced = [| typeof<TestNodeUpdateMessage> |]

    interface ITestFramework with
        member _.CreateTestSessionAsync _ = Task.FromResult(CreateTestSessionResult(IsSuccess = true))
        member _.CloseTestSessionAsync _ = Task.FromResult(CloseTestSessionResult(IsSuccess = true))

        member own.ExecuteRequestAsync context =
            let publish (name: string) (took: TimeSpan option) (state: TestNodeStateProperty) : Task =
                let node =
                    TestNode(Uid = TestNodeUid name, DisplayName = name, Properties = PropertyBag(state :> IProperty))

                took
                |> Option.iter (fun took ->
                    let now = DateTimeOffset.UtcNow
                    node.Properties.Add(TimingProperty(TimingInfo(now - took, now, took))))

                context.MessageBus.PublishAsync(own, TestNodeUpdateMessage(context.Request.Session.SessionUid, node))

            let run (tests: Test) =
                let send name took state = publish name took state |> Async.AwaitTask

                let printer = {
                    TestPrinters.silent with
                        beforeEach = fun name _ -> send name None InProgressTestNodeStateProperty.CachedInstance
                        passed = fun name took -> send name (Some took) PassedTestNodeStateProperty.CachedInstance
                        ignored = fun name reason -> send name None (SkippedTestNodeStateProperty reason)
                        failed = fun name message took -> send name (Some took) (FailedTestNodeStateProperty message)
                        exn =
                            fun name error took ->
                                send name (Some took) (FailedTestNodeStateProperty(error, error.Message))
                }

                let options = [ CLIArguments.Printer printer; CLIArguments.No_Spinner; CLIArguments.Colours 0 ]
                runTestsWithCLIArgsAndCancel context.CancellationToken options [||] tests |> ignore

            task {
                match context.Request, faults all with
                | :? DiscoverTestExecutionRequest, _ ->
                    for test in all do
                        do! publish (full test.name) None DiscoveredTestNodeStateProperty.CachedInstance
                | :? RunTestExecutionRequest as request, [] ->
                    let now, later = asked request
                    let reason = SkippedTestNodeStateProperty "It takes minutes. Run it by --filter long."

                    for test in all do
                        if later test.name then
                            do! publish (full test.name) None reason

                    run (tests |> Test.filter "." now)
                | _, faults ->
                    let message = String.concat "\n" faults
                    do! publish $"{program.GetName().Name}: every test runs" None (FailedTestNodeStateProperty message)

                context.Complete()
            }

[<EntryPoint>]
let main (args: string array) : int =
    task {
        let! builder = TestApplication.CreateBuilderAsync args
        builder.CommandLine.AddProvider(fun () -> Filter() :> ICommandLineOptionsProvider)

        builder.RegisterTestFramework(
            (fun _ -> TestFrameworkCapabilities() :> ITestFrameworkCapabilities),
            (fun _ services -> Framework services :> ITestFramework)
        )
        |> ignore

        use! app = builder.BuildAsync()
        return! app.RunAsync()
    }
    |> _.GetAwaiter().GetResult()
