using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Iql.Environments.Own;

/// <summary>A simulator in Python, Gymnasium's or a plain class; simulator.py says what it needs. It keeps its state
/// itself, so a state here only says which simulator, in which of its episodes. Episodes that run side by side have
/// simulators of their own, in a program for each core; one that has ended passes its simulator on.</summary>
public sealed class PythonEnvironment : IEnvironment
{
    readonly Lazy<PythonProcess>[] processes;
    readonly ConcurrentBag<int> free = [];
    readonly ConcurrentDictionary<int, (double Episode, int Decisions)> running = [];
    readonly string address;
    int worlds;
    long episodes;

    /// <summary>Starts Python, and a simulator to learn its sizes.</summary>
    /// <param name="path">FILE.py.</param>
    /// <param name="name">A class in it, or a function that makes a simulator.</param>
    /// <param name="seconds">To wait for an answer; null is IQL_PYTHON_SECONDS, or 60.</param>
    public PythonEnvironment(string path, string name, double? seconds = null)
    {
        address = $"{path}:{name}";
        processes = [.. Enumerable.Range(0, System.Environment.ProcessorCount)
            .Select(_ => new Lazy<PythonProcess>(() => new(path, name, seconds)))];
        var answer = Ask("describe", Free());
        free.Add(0);
        Name = answer.GetProperty("name").ToString();
        ObservationSize = answer.GetProperty("observation").GetArrayLength();
        var actions = answer.GetProperty("actions").GetInt32();
        ActionSpace = answer.GetProperty("discrete").GetBoolean()
            ? ActionSpace.Discrete(actions) : ActionSpace.Continuous(actions);
        TimeLimit = answer.GetProperty("limit").GetInt32();
    }

    public string Name { get; }
    public int ObservationSize { get; }
    public ActionSpace ActionSpace { get; }
    public int StateSize => 2;
    public int TimeLimit { get; }
    public bool StepsAreSlow => true;

    public void Reset(Seed seed, Span<double> state, Span<float> observation)
    {
        var world = Free();
        Observe(Ask("reset", world, (seed.Value >> 33).ToString(CultureInfo.InvariantCulture)), observation);
        (state[0], state[1]) = (world, Interlocked.Increment(ref episodes));
        running[world] = (state[1], 0);
    }

    public StepResult Step(Span<double> state, ReadOnlySpan<float> action, Span<float> observation)
    {
        var world = (int)state[0];
        Check.That(running.TryGetValue(world, out var at) && at.Episode == state[1], address,
            "the state of a running episode", "one that ended, or of another process",
            "A simulator in Python cannot return to a state: start this run again in another folder.");
        var answer = Ask("step", world, Text(action));
        Observe(answer, observation);
        StepResult result = new(answer.GetProperty("reward").GetSingle(), answer.GetProperty("terminal").GetBoolean(),
            answer.GetProperty("truncated").GetBoolean());
        running[world] = (at.Episode, at.Decisions + 1);
        if ((result.Terminal || result.Truncated || at.Decisions + 1 >= TimeLimit) && running.TryRemove(world, out _))
            free.Add(world);
        return result;
    }

    /// <summary>A simulator whose last episode has ended, or a new one.</summary>
    int Free() => free.TryTake(out var world) ? world : Interlocked.Increment(ref worlds) - 1;

    JsonElement Ask(string call, int world, string? value = null) => processes[world % processes.Length].Value
        .Ask($"[\"{call}\",{world}{(value is null ? "" : $",{value}")}]");

    string Text(ReadOnlySpan<float> action)
    {
        if (ActionSpace.IsDiscrete) return ActionSpace.Choice(action).ToString(CultureInfo.InvariantCulture);
        var numbers = new string[action.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            Check.That(float.IsFinite(action[i]), address, "actions of finite numbers", action[i]);
            numbers[i] = action[i].ToString("R", CultureInfo.InvariantCulture);
        }
        return $"[{string.Join(",", numbers)}]";
    }

    void Observe(JsonElement answer, Span<float> observation)
    {
        var numbers = answer.GetProperty("observation");
        Check.That(numbers.GetArrayLength() == observation.Length, address,
            $"observations of {observation.Length} numbers, as at first", numbers.GetArrayLength());
        var i = 0;
        foreach (var number in numbers.EnumerateArray())
        {
            observation[i] = number.GetSingle();
            Check.That(float.IsFinite(observation[i]), address, "observations of float32 numbers", number);
            i++;
        }
    }
}
