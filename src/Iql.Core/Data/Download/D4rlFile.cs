using System.Collections.Immutable;

namespace Iql.Data.Download;

/// <summary>A data set file of D4RL: its task, its path under a mirror's root, and its rows if known.</summary>
/// <param name="Task">"hopper-medium-v2"</param>
/// <param name="Path">"gym_mujoco_v2/hopper_medium-v2.hdf5"</param>
/// <param name="Rows">N, or null.</param>
/// <remarks>Source: the addresses of D4RL's infos.py; rows from its generating scripts.</remarks>
public sealed record D4rlFile(string Task, string Path, long? Rows)
{
    static readonly ImmutableSortedDictionary<string, D4rlFile> ByTask =
        new[] { Robots(), AntMazes(), Hands(), Mazes(), Kitchens() }.SelectMany(files => files)
            .ToImmutableSortedDictionary(file => file.Task, file => file, StringComparer.Ordinal);

    /// <summary>Its name in the cache of D4RL's loader: "hopper_medium-v2.hdf5".</summary>
    public string FileName => Path[(Path.LastIndexOf('/') + 1)..];
    /// <summary>All files, sorted by task.</summary>
    public static IEnumerable<D4rlFile> All => ByTask.Values;
    /// <summary>The file of a task, or null.</summary>
    public static D4rlFile? Find(string task) => ByTask.GetValueOrDefault(task);

    static IEnumerable<D4rlFile> Robots()
    {
        foreach (var robot in (string[])["halfcheetah", "hopper", "walker2d", "ant"])
        {
            string[] levels = ["random", "medium", "expert", "medium-replay", "medium-expert", "full-replay"];
            foreach (var level in levels)
                foreach (var version in (string[])["v1", "v2"])
                {
                    var path = $"gym_mujoco_{version}/{robot}_{level.Replace('-', '_')}-{version}.hdf5";
                    yield return new($"{robot}-{level}-{version}", path, (robot, level, version) switch
                    {
                        ("halfcheetah", "random" or "medium" or "expert", "v2") => 1_000_000,
                        ("halfcheetah", "medium-replay", "v2") => 202_000,
                        ("hopper", "medium-replay", "v2") => 402_000,
                        ("walker2d", "medium-replay", "v2") => 302_000,
                        _ => null,
                    });
                }
            foreach (var level in (string[])["random", "medium", "expert", "medium-expert"])
                yield return new($"{robot}-{level}-v0", $"gym_mujoco/{robot}_{level.Replace('-', '_')}.hdf5", null);
            var mixed = robot == "walker2d" ? "walker" : robot;
            yield return new($"{robot}-medium-replay-v0", $"gym_mujoco/{mixed}_mixed.hdf5", null);
        }
    }

    static IEnumerable<D4rlFile> AntMazes() =>
        from maze in new[]
        {
            ("umaze", "u-maze", "False", "False"), ("umaze-diverse", "u-maze", "True", "True"),
            ("medium-play", "big-maze", "True", "False"), ("medium-diverse", "big-maze", "True", "True"),
            ("large-play", "hardest-maze", "True", "False"), ("large-diverse", "hardest-maze", "True", "True"),
        }
        from version in new[] { ("v0", "ant_maze_new", "sparse"), ("v2", "ant_maze_v2", "sparse_fixed") }
        let path = $"{version.Item2}/Ant_maze_{maze.Item2}_noisy_multistart_{maze.Item3}_multigoal_{maze.Item4}"
        select new D4rlFile($"antmaze-{maze.Item1}-{version.Item1}", $"{path}_{version.Item3}.hdf5", null);

    static IEnumerable<D4rlFile> Hands()
    {
        foreach (var hand in (string[])["pen", "hammer", "door", "relocate"])
        {
            var cloned = hand == "pen" ? 500_000 : 1_000_000;
            yield return new($"{hand}-human-v0", $"hand_dapg/{hand}-v0_demos_clipped.hdf5", null);
            yield return new($"{hand}-cloned-v0", $"hand_dapg/{hand}-demos-v0-bc-combined.hdf5", cloned);
            yield return new($"{hand}-expert-v0", $"hand_dapg/{hand}-v0_expert_clipped.hdf5", null);
            foreach (var level in (string[])["human", "cloned", "expert"])
                yield return new($"{hand}-{level}-v1", $"hand_dapg_v1/{hand}-{level}-v1.hdf5",
                    level == "cloned" ? cloned : null);
        }
    }

    static IEnumerable<D4rlFile> Mazes() =>
        from maze in new[] { "umaze", "medium", "large" }
        from reward in new[] { ("", "sparse"), ("-dense", "dense") }
        select new D4rlFile($"maze2d-{maze}{reward.Item1}-v1", $"maze2d/maze2d-{maze}-{reward.Item2}-v1.hdf5", null);

    static IEnumerable<D4rlFile> Kitchens() =>
    [
        new("kitchen-complete-v0", "kitchen/mini_kitchen_microwave_kettle_light_slider-v0.hdf5", null),
        new("kitchen-partial-v0", "kitchen/kitchen_microwave_kettle_light_slider-v0.hdf5", null),
        new("kitchen-mixed-v0", "kitchen/kitchen_microwave_kettle_bottomburner_light-v0.hdf5", null),
    ];
}
