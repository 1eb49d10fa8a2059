namespace Iql.Scripts

/// Scores of learning on in the environment after learning from data: not scores of offline learning, so they stand alone.
[<RequireQualifiedAccess>]
module PublishedFineTuning =

    let private table name title when' text =
        PublishedTable.read
            name
            title
            "corl-team/CORL @eeeeef2, README"
            $"{when'}, mean over 4 seeds ± population standard deviation"
            false
            text

    /// Before the first step in the environment.
    let before: PublishedTable =
        table
            "corl-before-online"
            "CORL, before fine-tuning"
            "after 1M steps of an offline part that fine-tuning goes on from"
            """
        dataset                           awac          cql         iql         spot       cal-ql       rebrac
        antmaze-umaze-v2            52.75±8.67   94.00±1.58  77.00±0.71   91.00±2.55   76.75±7.53   98.00±1.58
        antmaze-umaze-diverse-v2    56.00±2.74    9.50±9.91  59.50±9.55   36.25±2.17  32.00±27.79  73.75±13.27
        antmaze-medium-play-v2       0.00±0.00  59.00±11.18  71.75±2.95  67.25±10.47   71.75±3.27   87.50±3.77
        antmaze-medium-diverse-v2    0.00±0.00   63.50±6.84  64.25±1.92   73.75±7.29   62.00±4.30   85.25±2.17
        antmaze-large-play-v2        0.00±0.00   28.75±7.76  38.50±8.73  31.50±12.58   31.75±8.87   68.50±6.18
        antmaze-large-diverse-v2     0.00±0.00   35.50±3.64  26.75±3.77   17.50±7.26   44.00±8.69  67.00±10.61
        mean antmaze                     18.12        48.38       56.29        52.88        53.04        80.00
        pen-cloned-v1              88.66±15.10   -2.76±0.08  84.19±3.96    6.19±5.21   -2.66±0.04  74.04±11.97
        door-cloned-v1               0.93±1.66   -0.33±0.01   1.19±0.93   -0.21±0.14   -0.33±0.01    0.07±0.04
        hammer-cloned-v1             1.80±3.01    0.56±0.55   1.35±0.32    3.97±6.39    0.25±0.04    6.54±3.35
        relocate-cloned-v1          -0.04±0.04   -0.33±0.01   0.04±0.04   -0.24±0.01   -0.31±0.05    0.70±0.62
        mean adroit                      22.84        -0.72       21.69         2.43        -0.76        20.33
"""

    /// After a million of them.
    let after: PublishedTable =
        table
            "corl-online"
            "CORL, after fine-tuning"
            "after 1M more steps in the environment, one update each"
            """
        dataset                           awac         cql           iql         spot      cal-ql       rebrac
        antmaze-umaze-v2            98.75±1.09  99.50±0.87    96.50±1.12   99.50±0.50  99.75±0.43  74.75±42.59
        antmaze-umaze-diverse-v2     0.00±0.00  99.00±1.22   63.75±25.02   95.00±3.67  98.50±1.12   98.00±2.92
        antmaze-medium-play-v2       0.00±0.00  97.75±1.30    89.75±1.09   97.25±1.30  98.75±1.64   98.00±1.58
        antmaze-medium-diverse-v2    0.00±0.00  97.25±1.92    92.25±2.86   94.50±1.66  98.25±1.48   98.75±0.43
        antmaze-large-play-v2        0.00±0.00  88.25±2.28   64.50±17.04   87.00±3.24  97.25±1.79  31.50±33.56
        antmaze-large-diverse-v2     0.00±0.00  91.75±3.96    64.25±4.15  81.00±14.14  91.50±3.91  72.25±41.73
        mean antmaze                     16.46       95.58         78.50        92.38       97.33        78.88
        pen-cloned-v1              86.82±11.12  -1.28±2.16  102.02±20.75  43.63±20.09  -2.68±0.12  138.15±3.22
        door-cloned-v1               0.01±0.00  -0.33±0.01    20.34±9.32    0.02±0.31  -0.33±0.01  102.39±8.27
        hammer-cloned-v1             0.24±0.04   2.85±4.81   57.27±28.49    3.73±4.99   0.17±0.17  124.65±7.37
        relocate-cloned-v1          -0.04±0.01  -0.33±0.01     0.32±0.38   -0.15±0.05  -0.31±0.04    6.96±4.59
        mean adroit                      21.76        0.22         44.99        11.81       -0.79        93.04
"""
