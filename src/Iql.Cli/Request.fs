namespace Iql.Cli

open Iql.Scripts

open System
open Iql.Algorithms
open Iql.Data
open Iql.Training.Online

/// The arguments of `iql train` and `iql ablate`.
type Request = {
    Task: string option
    /// The address of an environment of one's own.
    Environment: string option
    Data: string option
    /// How a file's rows become transitions; None: as in D4RL, or as in the row file.
    Mode: DatasetMode option
    /// Transitions to collect for a task; None is the task's own number.
    Transitions: int option
    /// The name of the algorithm or variant that was asked for.
    Asked: string option
    /// How it is fine-tuned.
    Protocol: Protocol option
    /// The domain of --preset; None: from the name of the data.
    Preset: string option
    Rewards: RewardRule option
    NormalizeObservations: bool option
    /// Changes of the preset by options, last first.
    Changes: (Trial -> Trial) list
    /// The hyperparameters of the options given, last first.
    Given: Hyperparameter list
    /// Hyperparameters with several values.
    Axes: Axis list
    Output: string option
    Difference: float option
    Threads: int
    Device: DeviceRequest
    RetrainDamaged: bool
    Watch: bool
    /// A file of published curves.
    PublishedCurves: string option
} with

    /// The name of an algorithm or a variant.
    member request.Algorithm: string =
        request.Asked
        |> Option.orElse (request.Protocol |> Option.map _.Algorithm)
        |> Option.defaultValue "iql"

/// The options of all training commands.
[<RequireQualifiedAccess>]
module Request =

    /// No arguments.
    let empty: Request = {
        Task = None
        Environment = None
        Data = None
        Mode = None
        Transitions = None
        Asked = None
        Protocol = None
        Preset = None
        Rewards = None
        NormalizeObservations = None
        Changes = []
        Given = []
        Axes = []
        Output = None
        Difference = None
        Threads = Scheduler.cores Scheduler.variables
        Device = DeviceOptions.standard
        RetrainDamaged = false
        Watch = false
        PublishedCurves = None
    }

    let private change set (request: Request) = { request with Changes = set :: request.Changes }

    /// A hyperparameter's option: "--inverse-temperature".
    let optionName (hyperparameter: Hyperparameter) : string = "--" + hyperparameter.OptionNames[0]

    let private inGrid (name: string) = Algorithm.All[0].Grid |> Seq.exists (fun struct (each, _) -> each = name)

    let private section (hyperparameter: Hyperparameter) =
        match Hyperparameter.owners hyperparameter.Name with
        | _ when inGrid hyperparameter.Name -> "Grid"
        | _ when hyperparameter.OptionNames.Length > 1 -> "Training"
        | owners when owners.Length = Algorithm.All.Length -> "Hyperparameters"
        | owners -> $"""Hyperparameters of {String.concat ", " owners}"""

    /// Stores a hyperparameter, so that its option can be refused once the algorithm is known.
    let private given (hyperparameter: Hyperparameter) set value (request: Request) : Request = {
        set value request with
            Given = hyperparameter :: request.Given
    }

    /// Refuses a hyperparameter's option, because the algorithms of the request do not have it.
    let refuseForeign (hyperparameter: Hyperparameter) (got: string) : unit =
        let owners = Hyperparameter.owners hyperparameter.Name |> String.concat " or "
        Command.refuse $"{optionName hyperparameter}: belongs to --algorithm {owners}, got {got}."

    let private help (hyperparameter: Hyperparameter) =
        let gap = if hyperparameter.Hint = "WORD" then ": " else ", "
        hyperparameter.Description + gap + hyperparameter.Expected

    let private otherNames (hyperparameter: Hyperparameter) = [
        for name in Seq.tail hyperparameter.OptionNames -> "--" + name
    ]

    /// What a word should be. A whole number may be right but for its size.
    let private expected (hyperparameter: Hyperparameter) (word: string) : string =
        if hyperparameter.Expected.StartsWith "a whole number" && Read.isHuge word then
            hyperparameter.Expected + " and at most 2,000,000,000"
        else
            hyperparameter.Expected

    let private one (hyperparameter: Hyperparameter) (word: string) : Result<Trial -> Trial, string> =
        match hyperparameter.TryParse word with
        | true, value -> Ok(Hyperparameter.set hyperparameter.Name value)
        | _ -> Error(expected hyperparameter word)

    /// One value for a hyperparameter.
    let single (hyperparameter: Hyperparameter) : Parameter<Request> = {
        Parameter.value
            $"{optionName hyperparameter} {hyperparameter.Hint}"
            (help hyperparameter)
            (one hyperparameter)
            (given hyperparameter change) with
            Aliases = otherNames hyperparameter
            Group = (if inGrid hyperparameter.Name then "Hyperparameters" else section hyperparameter)
    }

    let private asking (axis: Axis) (request: Request) : Request = { request with Axes = request.Axes @ [ axis ] }

    /// Values of a name: one is a change, several are an axis. The axes of the grid stay axes.
    let private along (name: string) (words: string list) (request: Request) : Request =
        let axis = Axis.along name words

        match axis.Values with
        | [ _, set ] when not (inGrid name) -> change set request
        | _ -> asking axis request

    /// One value for a hyperparameter, or several between commas, which make an axis. The axes of the grid stay axes.
    let several (hyperparameter: Hyperparameter) : Parameter<Request> =
        // Words of one value, 0.7 and 0.70, are one word.
        let read word =
            match hyperparameter.TryParse word with
            | true, value -> Ok(hyperparameter.Print value)
            | _ -> Error(expected hyperparameter word)

        let values = Read.listOf read

        let name = optionName hyperparameter

        // The grid's options are named in the plural; every option is understood in both.
        let name, other = if inGrid hyperparameter.Name then name + "s", name else name, name + "s"
        let heading = $"{name} {hyperparameter.Hint},..."

        {
            Parameter.value heading (help hyperparameter) values (given hyperparameter (along hyperparameter.Name)) with
                Aliases = other :: otherNames hyperparameter
                Group = section hyperparameter
        }

    /// An option of the online phase, with one value or several.
    let private onlineOption (several: bool) (standard: Trial) (option: OnlineOption) : Parameter<Request> =
        let read word = option.Read word |> Result.map (OnlineOption.print option)
        let values, more = if several then Read.listOf read, ",..." else read >> Result.map List.singleton, ""
        let online = FineTuning(OfflineSteps = int64 standard.Steps, OnlineSteps = int64 standard.Steps)

        let shown =
            if standard.Online.IsNone && Protocol.acts option.Name then
                "as in its protocol"
            else
                OnlineOption.show option (Option.defaultValue online standard.Online)

        Parameter.value $"{OnlineOption.word option} {option.Hint}{more}" option.Doc values (along option.Name)
        |> Parameter.showing shown

    /// How runs go on online.
    let online (several: bool) (standard: Trial) : Parameter<Request> list =
        [
            if several then
                Parameter.value
                    "--protocol NAME"
                    "How others fine-tune, with steps, acting and evaluations; `iql presets --protocols` compares them"
                    (Read.oneOf [ for protocol in Protocols.all -> protocol.Name ])
                    (fun name (request: Request) -> { request with Protocol = Some(Protocol.find name) })
            for option in OnlineOption.all do
                if option.Name <> "offlineSteps" then
                    onlineOption several standard option
            Parameter.text
                "--published-curves FILE"
                "CORL's published curves, a .csv or .csv.gz file, for the report: those of the same task and algorithm"
                (fun path request -> { request with PublishedCurves = Some path })
        ]
        |> Parameter.grouped "Online"

    let private seedDoc = "Number of the repetition, which seeds all random numbers"

    /// The seed of a run.
    let seed: Parameter<Request> = {
        Parameter.value "--seed SEED" seedDoc (Read.whole 0) (fun seed ->
            change (fun trial -> { trial with Seed = seed })) with
            Group = "Hyperparameters"
    }

    /// Seeds of a grid.
    let seeds: Parameter<Request> = {
        Parameter.value "--seeds SEED,..." seedDoc Read.seeds (Axis.seed >> asking) with
            Aliases = [ "--seed" ]
            Group = "Grid"
    }

    /// How rows become transitions.
    let mode (doc: string) (set: DatasetMode -> 'settings -> 'settings) : Parameter<'settings> =
        let modes = [ "d4rl", DatasetMode.D4rlParity; "strict", DatasetMode.Strict ]
        Parameter.choice "--mode" modes doc set |> Parameter.showing "d4rl"

    /// An environment of one's own.
    let environment set : Parameter<'settings> =
        Parameter.text
            "--environment FILE:NAME"
            "An environment of yours that scores policies: FILE.dll:TYPE or FILE.py:CLASS; docs/own-environments.md"
            set

    /// The request with its environment as its task.
    let scored (request: Request) : Request =
        match request.Environment with
        | None -> request
        | address ->
            let card = OwnTask.chosen request.Task address |> Command.orRefuse
            { request with Environment = None; Task = card |> Option.map _.Name }

    /// How actions are scaled: a word, or several, which make an axis.
    let private scaling (several: bool) : Parameter<Request> =
        let words = "auto" :: List.map fst OwnData.scalings
        let read = Read.oneOf words

        let set (values: string list) request =
            let ruleOf word = OwnData.scalings |> List.tryFind (fst >> (=) word) |> Option.map snd
            let set word (trial: Trial) = { trial with ActionScaling = ruleOf word }

            match values with
            | [ one ] -> change (set one) request
            | _ -> asking (Axis.own "actionScaling" [ for word in values -> word, set word ]) request

        Parameter.value
            ($"""--action-scaling {String.concat "|" words}""" + if several then ",..." else "")
            "How training scales actions to ±1, and policies back: by bounds of the metadata, by least and greatest \
             numbers, or by quantiles (1 and 99 %); auto scales your own data outside ±1"
            (if several then Read.listOf read else read >> Result.map List.singleton)
            set
        |> Parameter.showing "auto"

    /// Where the transitions come from, and what is done to them.
    let data (several: bool) (standard: Trial) : Parameter<Request> list =
        let word rule =
            Presets.rewardRules |> List.pick (fun (word, each, _) -> if each = rule then Some word else None)

        [
            Parameter.text
                "--task NAME"
                "The task that scores policies. A built-in task collects its data; D4RL's data are in its cache \
                 (`iql data download`) or in --data. `iql tasks` lists the tasks"
                (fun name (request: Request) -> { request with Task = Some name })
            environment (fun address (request: Request) -> { request with Environment = Some address })
            Parameter.text
                "--data FILE"
                "The data: an .hdf5 file in D4RL's layout, an .npz file with the same names, or a Minari folder. Or a \
                 row file of `iql data pack`"
                (fun path request -> { request with Data = Some path })
            mode
                "How rows become transitions: as in D4RL's q-learning loader, or without rows across an episode's \
                 end; a row file already has its mode"
                (fun mode request -> { request with Mode = Some mode })
            Parameter.value
                "--transitions N"
                "Transitions to collect for a task"
                (Read.whole 1000)
                (fun count request -> { request with Transitions = Some count })
            Parameter.choice
                "--rewards"
                [ for word, rule, _ in Presets.rewardRules -> word, rule ]
                ("Rewards in training: "
                 + String.concat ", " [ for _, _, text in Presets.rewardRules -> text ]
                 + "; scores use raw rewards")
                (fun rule (request: Request) -> { request with Rewards = Some rule })
            |> Parameter.showing (standard.Rewards |> Option.map word |> Option.defaultValue "the task's")
            Parameter.switch
                "--normalize-observations"
                "Shift and scale observations to mean 0 and standard deviation 1, for every preset; your own data \
                 have it by default"
                (fun request -> { request with NormalizeObservations = Some true })
            Parameter.switch "--raw-observations" "Keep observations unchanged, for every preset" (fun request -> {
                request with
                    NormalizeObservations = Some false
            })
            scaling several
        ]
        |> Parameter.grouped "Data"

    /// The options that a help page shows first.
    let common: string list = [
        for name in
            "task data algorithm algorithms steps episodes hidden published output threads expectile expectiles \
             inverse-temperature inverse-temperatures seed seeds help"
                .Split
                ' ' -> "--" + name
    ]

    /// The algorithms that words name, and what they ask for.
    let named (request: Request) (words: string list) : Request * string list =
        let names (word: string) =
            word.Split('=')[0] = "-a" || word.StartsWith "--algorithm" || word.StartsWith "--protocol"

        request, (if List.exists names words then [ request.Algorithm ] else [])

    /// The steps, of runs that go on online those before the switch.
    let steps (least: int) (standard: Trial) : Parameter<Request> =
        Parameter.value "--steps N" "Training steps; 20k is 20000" (Read.whole least) (fun steps ->
            change (Trial.withSteps steps))
        |> Parameter.showing (string<int> standard.Steps)

    /// The algorithm, the steps and the evaluations.
    let training (standard: Trial) : Parameter<Request> list =
        let variants = [
            for each in Algorithm.All do
                for variant in each.Variants -> variant.Name
        ]

        [
            Parameter.value
                "-a, --algorithm NAME"
                ("The algorithm: "
                 + String.concat ", " [ for each in Algorithm.All -> $"{each.Name} ({each.Title})" ]
                 + "; or a variant: "
                 + String.concat ", " variants)
                (Read.oneOf [ for each in Algorithm.Named -> each.Name ])
                (fun name (request: Request) -> { request with Asked = Some name })
            |> Parameter.showing "iql"
            if standard.Online.IsSome then
                onlineOption true standard OnlineOption.all.Head
            else
                steps 1 standard
            Parameter.value
                "--evaluate-every N"
                "Steps between evaluations and checkpoints"
                (Read.whole 1)
                (fun every -> change (fun trial -> { trial with EvaluateEvery = every }))
            |> Parameter.showing "a tenth of the steps"
            Parameter.value "--episodes N" "Episodes per evaluation; 0 means no evaluation" (Read.whole 0) (fun count ->
                change (fun trial -> { trial with Episodes = count }))
            |> Parameter.showing (string<int> standard.Episodes)
            Parameter.value
                "--preset NAME"
                "Published hyperparameters to start from; `iql presets` lists them"
                (Read.oneOf [ for domain in Presets.domains -> domain.Name ])
                (fun name (request: Request) -> { request with Preset = Some name })
            |> Parameter.showing "from the name of the data"
        ]
        |> Parameter.grouped "Training"

    /// The folder of the results and the number of threads.
    let running (folder: string) : Parameter<Request> list =
        [
            Parameter.text
                "-o, --output FOLDER"
                "Folder of the runs and report.html; the same command continues there"
                (fun folder request -> { request with Output = Some folder })
            |> Parameter.showing folder
            Parameter.difference (fun points (request: Request) -> { request with Difference = Some points })
            Parameter.value
                "--threads N"
                "Cores to use; they do not change the results"
                (Read.whole 1)
                (fun threads (request: Request) -> { request with Threads = threads })
            |> Parameter.showing "all"
            for option in DeviceOptions.parameters "all groups of the grid, at most 64" do
                option
                |> Parameter.within _.Device (fun device (request: Request) -> { request with Device = device })
            Parameter.switch
                "--retrain-damaged"
                "Delete runs whose files are damaged, and train them again; otherwise they are listed"
                (fun (request: Request) -> { request with RetrainDamaged = true })
            Parameter.switch
                "--watch"
                "Show the report while it grows, as a page for this machine; it prints the address"
                (fun (request: Request) -> { request with Watch = true })
        ]
        |> Parameter.grouped "Running"
