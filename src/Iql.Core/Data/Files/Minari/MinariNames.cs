namespace Iql.Data.Files.Minari;

/// <summary>Names in the flat layout for Minari's entries, so that there and back gives the same bits.</summary>
static class MinariNames
{
    /// <summary>Entries of metadata.json, as JSON texts.</summary>
    internal const string Metadata = "metadata/minari/";
    /// <summary>The entry with the number of discrete actions.</summary>
    internal const string ActionSpace = Metadata + "action_space";
    /// <summary>The named blocks of a flat observation.</summary>
    internal const string Blocks = "metadata/observation_blocks";
    /// <summary>Steps of each episode, if flags do not tell them.</summary>
    internal const string Lengths = "metadata/episode_lengths";
    /// <summary>Numbers of episodes, but the last, without a final flag: their last row counts as timed out.</summary>
    internal const string OpenEnds = "metadata/open_ends";
    /// <summary>The seed of each episode's reset.</summary>
    internal const string Seeds = "metadata/episode_seeds";
    /// <summary>The options of each episode's reset, a JSON list of texts and nulls.</summary>
    internal const string Options = "metadata/episode_options";
    /// <summary>The attribute of an episode's group that holds its options.</summary>
    internal const string OptionsAttribute = "options";
    /// <summary>The entry of metadata.json for a flat file's single values.</summary>
    internal const string Flat = "flat_metadata";

    internal const string File = "main_data.hdf5", MetadataFile = "metadata.json";
}
