namespace Iql.Scripts

/// Scores of other implementations on locomotion.
[<RequireQualifiedAccess>]
module PublishedOthers =

    let private table name title source protocol text =
        PublishedTable.read name title source protocol false text

    let private gwthomas =
        table
            "iql-pytorch"
            "IQL-PyTorch"
            "gwthomas/IQL-PyTorch, README"
            "3 seeds, deterministic policy"
            """
        dataset                             iql
        halfcheetah-medium-v2          47.7±0.2
        hopper-medium-v2               61.2±6.4
        walker2d-medium-v2             78.7±4.5
        halfcheetah-medium-replay-v2   42.9±1.7
        hopper-medium-replay-v2       86.8±15.5
        walker2d-medium-replay-v2      68.3±6.4
        halfcheetah-medium-expert-v2   88.3±2.8
        hopper-medium-expert-v2       76.6±34.9
        walker2d-medium-expert-v2     108.7±2.2
"""

    let private offlineRLKit =
        table
            "offlinerl-kit"
            "OfflineRL-Kit"
            "yihaosun1124/OfflineRL-Kit @e3ce697, README"
            "4 seeds; spreads are known here for IQL alone"
            """
        dataset                             iql  td3bc    cql   edac  mobile
        halfcheetah-medium-v2          47.4±0.5   48.2   49.4   66.4    75.8
        hopper-medium-v2               65.7±8.1   60.8   59.1  101.8   103.6
        walker2d-medium-v2             81.1±2.6   84.4   83.6   93.3    88.3
        halfcheetah-medium-replay-v2   44.2±0.6   45.0   47.0   62.3    71.9
        hopper-medium-replay-v2        94.8±6.7   67.3   98.6  101.5   105.1
        walker2d-medium-replay-v2     77.3±11.0   83.4   71.3   86.2    90.5
        halfcheetah-medium-expert-v2   88.0±2.8   90.7   93.0  101.8   100.9
        hopper-medium-expert-v2       106.2±5.6   91.4  111.4  110.5   112.5
        walker2d-medium-expert-v2     108.3±2.6  110.2  109.8  113.6   114.5
"""

    let private jaxCorl =
        table
            "jax-corl"
            "JAX-CORL"
            "nissymori/JAX-CORL @d747dd8, README"
            "5 seeds of 5 episodes; spreads are known here for IQL alone"
            """
        dataset                           dt   awac   td3bc     cql          iql     xql
        halfcheetah-medium-v2          42.63  41.56   48.12   48.65   46.23±0.23   47.16
        hopper-medium-v2               60.85  51.45   46.51   77.56   56.78±3.50   62.35
        walker2d-medium-v2             71.04  68.12   72.73   80.16   77.16±5.74   83.45
        halfcheetah-medium-expert-v2   70.63  76.61   92.99   53.76   92.95±0.79   86.33
        hopper-medium-expert-v2       109.07  51.89  105.47   90.37  90.72±14.80  104.12
        walker2d-medium-expert-v2      99.81  91.36  109.17  110.03  109.08±0.77  110.06
"""

    let private d3rlpyV2 =
        table
            "d3rlpy"
            "d3rlpy"
            "takuseno/d3rlpy-benchmarks"
            "10 seeds"
            """
        dataset                              dt
        halfcheetah-medium-v2          42.6±0.3
        hopper-medium-v2               60.4±2.3
        walker2d-medium-v2            67.4±10.9
        halfcheetah-medium-replay-v2   38.4±1.4
        hopper-medium-replay-v2        79.6±6.9
        walker2d-medium-replay-v2     56.8±13.2
        halfcheetah-medium-expert-v2   56.5±9.2
        hopper-medium-expert-v2       108.9±2.4
        walker2d-medium-expert-v2     108.4±0.5
"""

    let private d3rlpyV0 =
        table
            "d3rlpy-v0"
            "d3rlpy, v0 data"
            "takuseno/d3rlpy-benchmarks"
            "10 seeds; datasets are v0, whose scores are not those of v2"
            """
        dataset                       td3bc        iql
        halfcheetah-medium-v0          42.4       41.1
        hopper-medium-v0               95.9       31.1
        walker2d-medium-v0             76.7       59.7
        halfcheetah-medium-replay-v0   42.8       40.9
        hopper-medium-replay-v0        31.4       38.1
        walker2d-medium-replay-v0      26.4       14.3
        halfcheetah-medium-expert-v0   89.2   55.2±7.9
        hopper-medium-expert-v0       112.3      112.3
        walker2d-medium-expert-v0      91.0  92.3±22.3
"""

    let tables: PublishedTable list = [ gwthomas; offlineRLKit; jaxCorl; d3rlpyV2; d3rlpyV0 ]
