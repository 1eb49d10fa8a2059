namespace Iql.Scripts

/// Scores of the paper of implicit Q-learning.
[<RequireQualifiedAccess>]
module PublishedPaper =

    /// Table 1, read from a talk on the paper. Every locomotion and antmaze column adds up to its printed total within 0.2. Of kitchen
    /// and Adroit (human and cloned) the totals alone are known here.
    let table: PublishedTable =
        PublishedTable.read
            "iql-paper"
            "IQL paper"
            "Kostrikov, Nair and Levine 2021, arXiv:2110.06169, Table 1"
            "score of the last policies, mean over seeds, without a spread; locomotion is v2, antmaze, kitchen and Adroit (human and cloned) are v0"
            true
            """
        dataset                          bc  10%bc     dt   awac  onestep  td3bc    cql    iql
        halfcheetah-medium-v2          42.6   42.5   42.6   43.5     48.4   48.3   44.0   47.4
        hopper-medium-v2               52.9   56.9   67.6   57.0     59.6   59.3   58.5   66.3
        walker2d-medium-v2             75.3   75.0   74.0   72.4     81.8   83.7   72.5   78.3
        halfcheetah-medium-replay-v2   36.6   40.6   36.6   40.5     38.1   44.6   45.5   44.2
        hopper-medium-replay-v2        18.1   75.9   82.7   37.2     97.5   60.9   95.0   94.7
        walker2d-medium-replay-v2      26.0   62.5   66.6   27.0     49.5   81.8   77.2   73.9
        halfcheetah-medium-expert-v2   55.2   92.9   86.8   42.8     93.4   90.7   91.6   86.7
        hopper-medium-expert-v2        52.5  110.9  107.6   55.8    103.3   98.0  105.4   91.5
        walker2d-medium-expert-v2     107.5  109.0  108.1   74.5    113.0  110.1  108.8  109.6
        sum locomotion                466.7  666.2  672.6  450.7    684.6  677.4  698.5  692.4
        antmaze-umaze-v0               54.6   62.8   59.2   56.7     64.3   78.6   74.0   87.5
        antmaze-umaze-diverse-v0       45.6   50.2   53.0   49.3     60.7   71.4   84.0   62.2
        antmaze-medium-play-v0          0.0    5.4    0.0    0.0      0.3   10.6   61.2   71.2
        antmaze-medium-diverse-v0       0.0    9.8    0.0    0.7      0.0    3.0   53.7   70.0
        antmaze-large-play-v0           0.0    0.0    0.0    0.0      0.0    0.2   15.8   39.6
        antmaze-large-diverse-v0        0.0    6.0    0.0    1.0      0.0    0.0   14.9   47.5
        sum antmaze                   100.2  134.2  112.2  107.7    125.3  163.8  303.6  378.0
        sum kitchen-v0                154.5      –      –      –        –      –  144.6  159.8
        sum adroit-v0                 104.5      –      –      –        –      –   93.6  118.1
"""
