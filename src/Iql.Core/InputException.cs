using System.Diagnostics;

namespace Iql;

/// <summary>Wrong input. Its text is the message and the caller's places, without frames of Iql, so that a script that
/// fails shows the line to mend. IQL_DEBUG=1 shows every frame.</summary>
public sealed class InputException(string message) : ArgumentException(message)
{
    public override string ToString() => InCallersPlaces(this, base.ToString());

    /// <summary>The message of an exception, and up to three places of the callers of Iql, nearest first.</summary>
    /// <param name="whole">The text with every frame.</param>
    public static string InCallersPlaces(Exception error, string whole)
    {
        if (Environment.GetEnvironmentVariable("IQL_DEBUG") == "1") return whole;
        var places = new StackTrace(error, fNeedFileInfo: true).GetFrames()
            .Where(frame => frame.GetFileName() is not null
                && frame.GetMethod()?.DeclaringType?.Assembly.GetName().Name is not ("Iql.Core" or "Iql.Scripts"))
            .Select(frame => $"   at {frame.GetFileName()}:line {frame.GetFileLineNumber()}").Distinct().Take(3);
        return string.Join(Environment.NewLine, [error.Message, .. places]);
    }
}
