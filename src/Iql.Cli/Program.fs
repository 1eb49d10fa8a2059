/// The command line `iql`.
module Iql.Cli.Program

/// Every command, in the order of the help.
let commands: Command list = [
    Ablate.command
    Train.command
    Finetune.command
    Compare.command
    SweepPlanning.command
    SweepSubmit.command
    SweepWork.command
    SweepState.command
    Evaluate.command
    Rebuild.command
    Watch.command
    Data.inspect
    Collect.command
    Data.pack
    DataConvert.command
    DataImport.command
    DataDownload.command
    Play.command
    Export.command
    Serve.command
    ExplainCommand.command
    Lists.devices
    Lists.tasks
    Lists.reference
    Lists.presets
]

[<EntryPoint>]
let main words = Shell.run commands words
