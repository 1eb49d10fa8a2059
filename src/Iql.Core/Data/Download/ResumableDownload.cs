using System.Net;
using System.Net.Http.Headers;

namespace Iql.Data.Download;

/// <summary>Downloads a file over HTTP into a .part file and resumes it after a broken connection or in a later call.
/// The server's ETag (or date) is kept beside: only the same version at the same address is resumed.</summary>
static class ResumableDownload
{
    /// <summary>A connection silent for so long counts as broken.</summary>
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    static readonly HttpClient Client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(20) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <exception cref="IOException">No such file, or more broken connections than pauses.</exception>
    internal static void Fetch(Uri address, string part, Action<long, long?>? progress,
        IReadOnlyList<double> pauses, CancellationToken cancellation) =>
        Task.Run(() => FetchAsync(address, part, progress, pauses, cancellation), cancellation)
            .GetAwaiter().GetResult();

    /// <summary>Removes a part and what is known of it.</summary>
    internal static void Forget(string part)
    {
        File.Delete(part);
        File.Delete(Note(part));
    }

    /// <summary>Gives a whole part its name. A kill in between leaves no note behind.</summary>
    internal static void Rename(string part, string path)
    {
        File.Delete(Note(part));
        File.Move(part, path, overwrite: true);
    }

    static string Note(string part) => part + ".from";

    static async Task FetchAsync(Uri address, string part, Action<long, long?>? progress,
        IReadOnlyList<double> pauses, CancellationToken cancellation)
    {
        FileStream file;
        try { file = new(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
        catch (IOException failure)
        {
            throw new IOException(
                $"{part}: expected to write it, but another process may be doing so ({failure.Message})");
        }
        await using (file)
        {
            for (var failures = 0; ;)
            {
                var before = file.Length;
                try { await Once(address, file, part, progress, cancellation); return; }
                catch (Exception failure) when (!cancellation.IsCancellationRequested
                    && failure is IOException
                        or HttpRequestException { StatusCode: null } or OperationCanceledException)
                {
                    cancellation.ThrowIfCancellationRequested();
                    failures = file.Length > before ? 1 : failures + 1;
                    if (failures > pauses.Count)
                        throw new IOException($"{address}: " + (file.Length == 0
                            ? $"no connection in {failures} tries ({failure.Message})"
                            : $"the connection broke {failures} times, last after {file.Length} bytes " +
                                $"({failure.Message}); the next download continues there"), failure);
                    await Task.Delay(TimeSpan.FromSeconds(pauses[failures - 1]), cancellation);
                }
            }
        }
    }

    static async Task<HttpResponseMessage> Answer(HttpRequestMessage request, CancellationToken cancellation)
    {
        var address = request.RequestUri;
        try { return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation); }
        catch (Exception failure) when (failure is NotSupportedException or ArgumentException or FormatException)
        {
            throw new HttpRequestException($"{address}: expected http:// or https:// behind its redirect, got " +
                "another kind of address. Name another mirror.", failure, HttpStatusCode.Redirect);
        }
    }

    static async Task Once(Uri address, FileStream file, string part, Action<long, long?>? progress,
        CancellationToken cancellation)
    {
        var known = File.Exists(Note(part)) ? await File.ReadAllLinesAsync(Note(part), cancellation) : [];
        var condition = known is [var from, var version] && from == address.ToString()
            && RangeConditionHeaderValue.TryParse(version, out var parsed) ? parsed : null;
        if (condition == null) file.SetLength(0);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (file.Length > 0) (request.Headers.Range, request.Headers.IfRange) = (new(file.Length, null), condition);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        silence.CancelAfter(Silence);
        using var response = await Answer(request, silence.Token);
        long? all;
        var range = response.Content.Headers.ContentRange;
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent when range?.From == file.Length:
                all = range.Length;
                break;
            case HttpStatusCode.RequestedRangeNotSatisfiable when range?.Length == file.Length:
                return;
            case HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable:
                file.SetLength(0);
                throw new IOException("the server gave another part than was asked for");
            case HttpStatusCode.OK:
                file.SetLength(0);
                all = response.Content.Headers.ContentLength;
                break;
            case >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests
                or HttpStatusCode.RequestTimeout:
                throw new IOException($"the server answered {(int)response.StatusCode} {response.ReasonPhrase}");
            default:
                throw new HttpRequestException($"{address} answered {(int)response.StatusCode} {response.ReasonPhrase}",
                    null, response.StatusCode);
        }
        var tag = response.Headers.ETag is { IsWeak: false } strong
            ? strong.ToString() : response.Content.Headers.LastModified?.ToString("R");
        await File.WriteAllLinesAsync(Note(part), [address.ToString(), tag ?? ""], cancellation);
        file.Seek(0, SeekOrigin.End);
        await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
        var buffer = new byte[1 << 17];
        while (true)
        {
            silence.CancelAfter(Silence);
            var count = await body.ReadAsync(buffer, silence.Token);
            if (count == 0) break;
            await file.WriteAsync(buffer.AsMemory(0, count), cancellation);
            progress?.Invoke(file.Length, all);
        }
        await file.FlushAsync(cancellation);
        if (all is { } wanted && file.Length != wanted)
        {
            var got = file.Length;
            if (got > wanted) file.SetLength(0);
            throw new IOException($"expected {wanted} bytes, got {got}");
        }
    }
}
