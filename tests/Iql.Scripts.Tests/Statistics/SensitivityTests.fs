module Iql.Scripts.Tests.SensitivityTests

open System
open Iql.Scripts
open Expecto
open Iql.Tests

/// Seven variants of PPO on five tasks, with the published sensitivity and dimension, and normalised returns of those
/// settings that decide both: digits of gae lambda, entropy, and two learning rates (0 to 4 each), then a score a task.
/// Source: jadkins99/hyperparameter_sensitivity @e571b0b, analysis/data_expected_over_seeds.csv, to four decimals.
let private published = [
    "advn_norm_ema",
    0.257,
    3,
    "
      1012 1.1847 1.1557 .8144 - .8770; 2000 .6135 .6325 .2698 1.0505 .0451;
      2010 .9104 .8645 .2527 1.0354 .1023; 2012 1.2390 1.1476 .9541 .7276 1.2302;
      2032 .5735 .3820 .5500 .8516 .9014; 2402 .5084 .4663 .7975 .9146 .7302;
      3001 .6878 .6176 .9696 .8521 .5902; 3011 1.3373 1.0356 .8157 .8954 .7910;
      3032 .5779 .3646 .5737 .9039 .9292; 3112 .6464 1.0566 1.0516 .7401 1.6945;
      4002 .6890 .6023 1.2118 - 1.0487; 4011 1.3411 1.0039 1.0289 - 1.0773; 4022 .6281 .6193 .8330 .8790 1.3435;
      4112 .6357 .9384 1.1783 - 1.7401; 4122 .4245 .2305 .5157 .9849 .8519; 4132 - - .2148 1.1325 .5722;
      4202 .5711 .4011 1.1951 .8859 .9353"
    "advn_norm_max_ema",
    0.144,
    2,
    "
      0000 .4361 - - 1.0370 -0.0045; 0001 .6693 .6708 .5025 .9630 .4773; 1012 1.1872 1.1537 .8185 - .8945;
      2011 1.2567 1.0031 .6563 .9246 .7497; 2012 1.2363 1.1436 .9462 .7331 1.2468;
      2022 .6164 .7402 .5597 .8628 1.0723; 3011 1.3539 1.0329 .8214 - .7833; 4000 .5704 .6372 .6361 .9360 .1059;
      4002 .6884 .6007 1.2011 .8239 1.0715; 4010 .9420 .8980 .5739 .8837 .2073;
      4012 .9980 1.0136 1.1970 .8236 1.7000; 4102 .6604 .5653 1.2094 .8651 1.0624;
      4111 .6182 .8709 1.0364 .9365 1.2067; 4112 .6339 .9400 1.1621 .9043 1.6895;
      4302 .5427 .3242 1.1853 .9636 .8679"
    "advn_norm_mean",
    0.138,
    1,
    "
      1012 1.1944 1.2197 - - .8867; 2012 1.2837 1.2155 .9363 1.2373 1.1986; 2110 .9287 .8415 .2966 1.2992 .0717;
      3010 .9603 .9009 .3955 1.2542 .0729; 3011 1.3645 1.0944 .8212 1.0593 .7174;
      3012 1.2773 1.1676 1.0577 1.0576 1.5342; 3111 1.3770 1.0391 .8499 .9975 .8181;
      3112 1.0150 1.1153 1.0701 .9034 1.6646; 4002 .6902 .5932 1.2129 .7809 .9646;
      4012 1.0573 1.0542 1.1920 .7893 1.5897; 4112 .8343 1.0019 1.1934 .8318 1.6772;
      4202 .6174 .4892 1.2129 .7881 .9705"
    "lambda_ac",
    0.103,
    1,
    "
      2112 1.3441 1.1950 .8928 .8765 1.1399; 3112 1.4085 1.1576 .9915 .8859 1.3007;
      3123 .6116 .6885 .5392 .9551 .2116; 4002 .6789 .6313 1.2086 .8242 .8631;
      4011 1.2669 1.1090 .9341 1.0060 .9384; 4012 1.2714 1.0934 1.1398 .7512 1.4152;
      4102 .6754 .6324 1.2063 .8315 .8562; 4111 1.2667 1.1189 .9486 .9276 .9219;
      4112 1.2559 1.1098 1.1257 .8856 1.4359; 4122 .6363 .6755 .9646 .9127 1.2223;
      4123 .6233 .6506 .5164 .9528 .5753; 4212 .9555 1.0496 1.0348 .2163 1.5075"
    "norm_obs",
    0.077,
    1,
    "
      2112 1.3381 1.1926 .8910 .8786 1.1044; 2123 .6078 .7022 .4992 .9550 .1258;
      3112 1.4218 - .9990 .8838 1.2794; 4002 .6787 .6344 1.2105 .8248 .8326;
      4011 1.2524 1.1099 .9326 .9634 .8812; 4012 1.2616 1.0993 1.1415 .7538 1.4494;
      4102 .6763 .6336 1.2079 .8287 .8480; 4111 1.2612 1.1238 .9664 .9304 .9013;
      4112 1.2555 1.1072 1.1581 .8890 1.4824; 4122 .6366 .6702 .9692 .9135 1.2477;
      4123 .6217 .6568 .5347 .9542 .5830; 4212 .9552 1.0528 1.0317 .2147 1.4912"
    "symlog_critic_targets",
    0.119,
    2,
    "
      0011 .9231 - - 1.0178 .4544; 2010 .6809 .8030 .4186 1.0532 .4028; 2011 .9033 .9204 .6292 1.0278 .5471;
      3011 .9107 .9410 .7868 .9783 .8100; 3111 .8845 .9446 .7959 .8822 .8503;
      4001 .6744 .6256 1.2039 .7811 .8052; 4011 .9133 .9391 .9357 .9855 1.1850;
      4012 .8180 .8374 1.0751 .7752 1.0833; 4111 .8895 .9406 .9693 .9030 1.2262;
      4202 .6593 .6054 1.2905 - .7411; 4211 .7018 .8698 1.0323 .5202 1.3365;
      4212 .7262 .7794 1.0759 .2803 1.3401"
    "symlog_obs",
    0.109,
    2,
    "
      2112 1.3476 1.1989 .8961 .8786 1.0971; 3112 1.4184 1.1695 1.0003 .8856 1.2968;
      3123 .6109 .6927 .5146 .9574 .2019; 3212 1.0391 1.0878 .9245 .1558 1.3291;
      4102 .6773 .6365 1.2139 .8276 .7778; 4212 .9507 1.0556 1.0284 - 1.5264"
]

[<Tests>]
let tests =
    testList "SensitivityTests" [
        testCase "a task's 5 % quantile becomes 0 and its 95 % quantile 1" (fun () ->
            let scale = Sensitivity.normalised [| for i in 0..100 -> 2.0 * float i |]
            Expect.equal (scale 10.0, scale 190.0, scale 100.0) (0.0, 1.0, 0.5) "scale")

        testCase "sensitivity is what tuning for each task adds to the best shared setting" (fun () ->
            let tasks = [| [| 0.0; 0.9; 0.5 |]; [| 1.0; 0.3; 0.6 |] |]
            let found = Sensitivity.ofTasks [ 3 ] tasks
            Expect.floatClose Accuracy.high found.Tuned 0.95 "tuned"
            Expect.equal found.Shared 1 "shared"
            Expect.floatClose Accuracy.high found.Value 0.35 "sensitivity"
            Expect.equal found.Dimension 1 "dimension")

        testCase "the dimension counts the hyperparameters whose tuning matters" (fun () ->
            // Three axes of two values. The first has another best value on each task, which the second hardly has.
            let score first second (setting: int) =
                let matches axis value = if setting >>> axis &&& 1 = value then 1.0 else 0.0
                matches 2 first + 0.05 * matches 1 second + matches 0 1

            let tasks firsts = [| for first, second in firsts -> Array.init 8 (score first second) |]
            let dimension firsts = (Sensitivity.ofTasks [ 2; 2; 2 ] (tasks firsts)).Dimension
            Expect.equal (dimension [ 0, 0; 0, 0 ]) 0 "all alike"
            Expect.equal (dimension [ 0, 0; 1, 1 ]) 1 "the first alone"
            let found = Sensitivity.ofTasks [ 2; 2; 2 ] (tasks [ 0, 0; 1, 1 ])
            Expect.floatClose Accuracy.high found.Value 0.525 "sensitivity")

        testCase "a setting that failed on a task cannot be shared, yet may be a task's best" (fun () ->
            let found = Sensitivity.ofTasks [ 2 ] [| [| 1.0; 0.5 |]; [| nan; 0.5 |] |]
            Expect.equal (found.Shared, found.Tuned, found.Value) (1, 0.75, 0.25) "found"
            Expect.refuses (fun () -> Sensitivity.ofTasks [ 2 ] [| [| 1.0; nan |]; [| nan; 0.5 |] |] |> ignore) "none")

        for variant, sensitivity, dimension, rows in published do
            testCase $"the published sensitivity and dimension of {variant}" (fun () ->
                let scores = Array.init 5 (fun _ -> Array.create 625 nan)

                for row in rows.Split ';' do
                    let parts = row.Split([| ' '; '\n' |], StringSplitOptions.RemoveEmptyEntries)
                    let setting = parts[0] |> Seq.fold (fun sum digit -> 5 * sum + int digit - int '0') 0

                    for task in 0..4 do
                        if parts[task + 1] <> "-" then
                            scores[task][setting] <- float parts[task + 1]

                let found = Sensitivity.ofTasks [ 5; 5; 5; 5 ] scores
                Expect.floatClose { absolute = 6e-4; relative = 0.0 } found.Value sensitivity "sensitivity"
                Expect.equal found.Dimension dimension "dimension")

        testCase "the interval of seeds is about the value of the means" (fun () ->
            let task scores =
                Blocks.ofRows (scores |> Array.map (fun score -> [| score - 0.01; score; score + 0.02 |]))

            let tasks = [| task [| 0.0; 0.9; 0.5 |]; task [| 1.0; 0.3; 0.6 |] |]
            let found = Sensitivity.ofBlocks 0.95 tasks
            Expect.floatClose Accuracy.high found.Value 0.35 "value"
            Expect.isTrue (found.Interval.Low <= 0.35 && found.Interval.High >= 0.35) "holds")
    ]
