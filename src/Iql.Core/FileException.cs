namespace Iql;

/// <summary>A file that is missing, damaged or other than expected, or that cannot be written. Its text is the message
/// and the caller's places, as an <see cref="InputException"/>'s is.</summary>
/// <param name="cause">What happened, the inner exception: its message is this one's.</param>
public sealed class FileException(Exception cause) : IOException(cause.Message, cause)
{
    /// <summary>Contents that are not as expected.</summary>
    public FileException(string message) : this(new InvalidDataException(Reading.OneLine(message))) { }

    /// <summary>Whether it is about contents, not about a disk, a missing file or another version of Iql.</summary>
    public bool IsDamage => InnerException is InvalidDataException;

    public override string ToString() => InputException.InCallersPlaces(this, base.ToString());

    /// <summary>Does work on files; its expected failures become exceptions of this type.</summary>
    public static T Of<T>(Func<T> work)
    {
        try { return work(); }
        catch (Exception failure) when (IsExpected(failure)) { throw new FileException(failure); }
    }

    static bool IsExpected(Exception failure) =>
        failure is InvalidDataException or UnauthorizedAccessException or (IOException and not FileException);
}
