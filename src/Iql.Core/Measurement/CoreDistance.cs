namespace Iql.Measurement;

/// <summary>How far two cores are from each other, by the round trip of a cache line.</summary>
public enum CoreDistance
{
    /// <summary>One thread does everything, or nobody can tell which cores do.</summary>
    Unknown,
    /// <summary>Below 200 ns: they share a cache.</summary>
    Near,
    /// <summary>200 to 300 ns.</summary>
    Between,
    /// <summary>Above 300 ns: they do not.</summary>
    Far,
    /// <summary>One thing before and another one after, as where a host moves a virtual machine's processors.</summary>
    Changing,
}

/// <summary>What round trips mean.</summary>
public static class CoreDistances
{
    /// <summary>The distance of a round trip in nanoseconds.</summary>
    public static CoreDistance Of(double nanoseconds) => nanoseconds switch
    {
        < 200 => CoreDistance.Near,
        <= 300 => CoreDistance.Between,
        > 300 => CoreDistance.Far,
        _ => CoreDistance.Unknown,
    };
}
