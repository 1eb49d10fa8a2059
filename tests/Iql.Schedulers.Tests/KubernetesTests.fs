/// The files of an Indexed Job, read as strictly as Kubernetes reads them. No cluster runs here.
module Iql.Schedulers.Tests.KubernetesTests

open System
open System.IO
open Expecto
open k8s
open k8s.Models
open Iql.Scripts

[<Tests>]
let tests =
    testList "KubernetesTests" [
        testCase "the Indexed Job has a pod a group, in fields that Kubernetes knows" (fun () ->
            let folder = Directory.CreateTempSubdirectory "iql kubernetes"

            try
                let here =
                    Submission.write {
                        Engine = Kubernetes
                        Folder = folder.FullName
                        Work = folder.FullName
                        Program = [ "iql" ]
                        Groups = [ 3; 7; 9 ]
                        Throttle = Some 2
                        Allotment = { Cores = 1; Memory = 500_000_000L; Time = TimeSpan.FromHours 1.0 }
                        Options = ""
                        Image = "iql:latest"
                        Claim = "iql"
                    }

                let text = File.ReadAllText(Path.Combine(here, "job.yaml"))
                let job = KubernetesYaml.Deserialize<V1Job>(text, true)
                Expect.equal job.Spec.CompletionMode "Indexed" "CompletionMode"
                Expect.equal (job.Spec.Completions.Value, job.Spec.Parallelism.Value) (3, 2) "Completions, Parallelism"
                let pod = job.Spec.Template.Spec
                // Both BackoffLimitPerIndex and PodFailurePolicy demand it.
                Expect.equal pod.RestartPolicy "Never" "RestartPolicy"
                let container = pod.Containers[0]

                Expect.equal
                    container.Name
                    job.Spec.PodFailurePolicy.Rules[0].OnExitCodes.ContainerName
                    "ContainerName"

                Expect.equal (List.ofSeq container.Command) [ "/bin/sh"; Path.Combine(here, "task.sh") ] "Command"
                Expect.equal container.VolumeMounts[0].Name pod.Volumes[0].Name "Name"
                Expect.equal (container.Resources.Limits["memory"].ToInt64()) 500_000_000L "memory"
                let wrong = text.Replace("completionMode", "completionMod")
                Expect.throws (fun () -> KubernetesYaml.Deserialize<V1Job>(wrong, true) |> ignore) "an unknown field"
                Expect.equal (File.ReadAllLines(Path.Combine(here, "groups.txt"))) [| "3"; "7"; "9" |] "groups.txt"
            finally
                folder.Delete true)
    ]
