using System.Reflection;

namespace Iql.Environments.Own;

/// <summary>Environments in assemblies of users.</summary>
static class OwnAssembly
{
    /// <summary>Makes an environment by the constructor without arguments.</summary>
    /// <param name="path">The assembly; those that it needs lie beside it.</param>
    /// <param name="name">A type's name, with its namespace or without.</param>
    internal static IEnvironment Create(string path, string name)
    {
        var types = Types(path);
        var named = types.Where(type => type.FullName == name || type.Name == name).ToArray();
        Check.That(named.Length == 1, $"{path}: environment",
            $"one of {string.Join(", ", types.Select(type => type.FullName))}", name, named.Length == 0
                ? "A public class that implements IEnvironment is one." : "Give its namespace too.");
        Check.That(named[0].GetConstructor(Type.EmptyTypes) is not null, named[0].FullName!,
            "a public constructor without arguments", "none");
        try { return (IEnvironment)Activator.CreateInstance(named[0])!; }
        catch (TargetInvocationException failed)
        {
            throw new InputException($"{path}: expected an environment, got an error of {named[0].FullName}'s " +
                $"constructor: {failed.InnerException!.Message}");
        }
    }

    static Type[] Types(string path)
    {
        try
        {
            Type[] types = [.. Assembly.LoadFrom(Path.GetFullPath(path)).GetExportedTypes().Where(type =>
                type is { IsAbstract: false, IsGenericTypeDefinition: false } &&
                type.IsAssignableTo(typeof(IEnvironment)))];
            Check.That(types.Length > 0, path, "a public class that implements IEnvironment", "none",
                "It must be built with this version of Iql.Core.");
            return types;
        }
        catch (BadImageFormatException)
        {
            throw new InputException($"{path}: expected an assembly of .NET, got another file.");
        }
        catch (Exception error) when (error is FileNotFoundException or FileLoadException or TypeLoadException)
        {
            throw new InputException($"{path}: expected all that it needs beside it, and this version of Iql.Core, " +
                $"got: {error.Message}");
        }
    }
}
