namespace Iql.Data.Files.Minari;

/// <summary>
/// Under which names the flat layout keeps what only Minari has, so that converting there and back gives the same data to the bit.
/// </summary>
static class MinariNames
{
    /// <summary>One entry of metadata.json each, as its JSON text.</summary>
    internal const string Metadata = "metadata/minari/";

    /// <summary>The entry that says how many discrete actions there are.</summary>
    internal const string ActionSpace = Metadata + "action_space";

    /// <summary>How a flat observation is cut into named blocks.</summary>
    internal const string Blocks = "metadata/observation_blocks";

    /// <summary>Steps of each episode, where flags alone do not tell them.</summary>
    internal const string Lengths = "metadata/episode_lengths";

    /// <summary>Numbers of the episodes, the last one aside, that end without a flag: their last row counts as timed out.</summary>
    internal const string OpenEnds = "metadata/open_ends";

    /// <summary>The seed of each episode's reset.</summary>
    internal const string Seeds = "metadata/episode_seeds";

    /// <summary>The options of each episode's reset, texts in a JSON list; null for an episode without.</summary>
    internal const string Options = "metadata/episode_options";

    /// <summary>The attribute of an episode's group that holds its options.</summary>
    internal const string OptionsAttribute = "options";

    /// <summary>The entry of metadata.json that keeps a flat file's own single values.</summary>
    internal const string Flat = "flat_metadata";

    internal const string File = "main_data.hdf5", MetadataFile = "metadata.json";
}
