namespace Iql.Environments.Own;

/// <summary>Environments of users: FILE.dll:TYPE is a class of .NET, FILE.py:NAME a simulator in Python.</summary>
public static class OwnEnvironment
{
    /// <summary>Makes the environment at an address.</summary>
    /// <exception cref="InputException">There is none; the message says why.</exception>
    public static IEnvironment Load(string address)
    {
        var colon = address.LastIndexOf(':');
        var (path, name) = colon < 0 ? (address, "") : (address[..colon], address[(colon + 1)..]);
        var extension = Path.GetExtension(path).ToLowerInvariant();
        Check.That(name != "" && extension is ".dll" or ".py", "environment",
            "FILE.dll:TYPE or FILE.py:NAME", address, "Name the file, a colon, and the class in it.");
        Check.That(File.Exists(path), "environment", $"the file {path}", "none");
        return extension == ".py" ? new PythonEnvironment(path, name) : OwnAssembly.Create(path, name);
    }

    /// <summary>Starts an episode, and refuses what no run could use.</summary>
    internal static void Try(IEnvironment environment, string name)
    {
        environment.Require();
        Check.That(environment.Name is { Length: > 0 and < 100 } own && char.IsAsciiLetterOrDigit(own[0])
            && own.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'),
            $"{name}: Name", "letters, digits, '-', '_' and '.', as folders are named by it", environment.Name);
        Check.AtLeast(environment.ObservationSize, 1, $"{name}: ObservationSize");
        Check.AtLeast(environment.ActionSize, 1, $"{name}: ActionSpace");
        Check.AtLeast(environment.StateSize, 1, $"{name}: StateSize");
        Check.AtLeast(environment.TimeLimit, 1, $"{name}: TimeLimit");
        var observation = new float[environment.ObservationSize];
        environment.Reset(new(0), new double[environment.StateSize], observation);
        Check.That(observation.All(float.IsFinite), $"{name}: Reset", "an observation of finite numbers",
            string.Join(", ", observation));
    }
}
