using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Iql.Environments.Own;

/// <summary>A Python program that answers questions over a pipe, one line of JSON each. One thread asks at a time.
/// A program that ends, answers wrongly, or does not answer in time, is stopped with an error that says so.</summary>
sealed class PythonProcess
{
    const string Python = "IQL_PYTHON", Seconds = "IQL_PYTHON_SECONDS";
    readonly string program;
    readonly Process process;
    readonly Stream answers;
    readonly double limit;
    readonly Timer patience;
    readonly Thread listener;
    readonly Queue<string> said = new();
    byte[] line = new byte[4096];
    bool late;
    string? problem;

    /// <summary>Starts it.</summary>
    /// <param name="path">FILE.py.</param>
    /// <param name="name">A class in it, or a function.</param>
    /// <param name="seconds">To wait for an answer; null is the variable's number, or 60.</param>
    internal PythonProcess(string path, string name, double? seconds)
    {
        limit = seconds ?? Patience();
        program = $"{path}:{name}";
        var python = Environment.GetEnvironmentVariable(Python) is { Length: > 0 } named ? named : "python3";
        using var script = new StreamReader(typeof(PythonProcess).Assembly.GetManifestResourceStream("simulator.py")!);
        // -B: no folder of compiled files beside the user's own.
        ProcessStartInfo start = new(python, ["-B", "-c", script.ReadToEnd(), path, name])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try { process = Process.Start(start)!; }
        catch (Win32Exception error)
        {
            throw new InputException($"{program}: expected Python as {python}, got: {error.Message}. " +
                $"Install python3, or name another by {Python}.");
        }
        answers = process.StandardOutput.BaseStream;
        patience = new(_ => { late = true; Stop(); });
        // A thread of its own: the pool's would wait for ever.
        listener = new(Listen) { IsBackground = true, Name = program };
        listener.Start();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
    }

    /// <summary>Asks, and waits for the answer.</summary>
    /// <param name="question">A line of JSON.</param>
    internal JsonElement Ask(string question)
    {
        lock (process)
        {
            if (problem is not null) throw new InputException(problem);
            patience.Change(TimeSpan.FromSeconds(limit), Timeout.InfiniteTimeSpan);
            var length = -1;
            try
            {
                process.StandardInput.WriteLine(question);
                process.StandardInput.Flush();
                length = Read();
            }
            catch (IOException) { }
            finally { patience.Change(Timeout.Infinite, Timeout.Infinite); }
            if (length < 0) Fail(late
                ? $"got none for {limit} s. {Seconds} sets another limit."
                : $"but it ended.{LastWords()}");
            try
            {
                using var answer = JsonDocument.Parse(line.AsMemory(0, length));
                if (!answer.RootElement.TryGetProperty("error", out var error)) return answer.RootElement.Clone();
                Fail($"got an error: {error.GetString()}");
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                Fail($"got no line of JSON: {error.Message}");
            }
            throw new InputException(problem!);
        }
    }

    /// <summary>Reads a line.</summary>
    /// <returns>Its bytes, or -1 at the end.</returns>
    int Read()
    {
        for (var length = 0; ;)
        {
            if (length == line.Length) Array.Resize(ref line, 2 * length);
            var read = answers.Read(line, length, line.Length - length);
            if (read == 0 || length + read > Reading.Longest) return -1;
            length += read;
            if (line[length - 1] == '\n') return length;
        }
    }

    void Fail(string what)
    {
        Stop();
        problem = $"{program}: expected an answer of the simulator, {what}";
        throw new InputException(problem);
    }

    /// <summary>Keeps the last lines of standard error.</summary>
    void Listen()
    {
        while (process.StandardError.ReadLine() is { } text)
            lock (said)
            {
                if (text != "") said.Enqueue(text);
                if (said.Count > 3) said.Dequeue();
            }
    }

    string LastWords()
    {
        // What it started may live on with its standard error open.
        listener.Join(1000);
        lock (said) return said.Count == 0 ? "" : $" Its last words: {string.Join(" / ", said)}";
    }

    void Stop()
    {
        try { process.Kill(entireProcessTree: true); }
        catch (InvalidOperationException) { }
    }

    static double Patience()
    {
        var text = Environment.GetEnvironmentVariable(Seconds);
        if (text is not { Length: > 0 }) return 60;
        Check.That(double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1e6,
            Seconds, "a number of seconds above 0", text);
        return seconds;
    }
}
