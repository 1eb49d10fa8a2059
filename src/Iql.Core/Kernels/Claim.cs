namespace Iql.Kernels;

/// <summary>
/// Memory that a later kernel of the same worker is going to write, whose numbers nobody wants any more, and whose lines others have
/// read. A store to such a line waits until it has come back from them; a product stores zeros there now and then instead, in its shadow.
/// </summary>
/// <param name="Place">Its first number, at the beginning of a cache line.</param>
/// <param name="Length">Floats; 0 is no claim.</param>
readonly record struct Claim(Place Place, int Length);

/// <summary>Shares a claim out among the tiles of a product. Mutable.</summary>
unsafe struct ClaimWalk(Claim claim, int tiles, int tileFloats)
{
    readonly int every = claim.Length < tileFloats ? 0 : Math.Max(1, tiles / (claim.Length / tileFloats));
    int tile = -1;

    /// <summary>What the next tile takes back, as many numbers as it has itself; or null.</summary>
    public float* Next(in Frame frame)
    {
        if (every == 0 || ++tile % every > 0) return null;
        var from = tile / every * tileFloats;
        return from + tileFloats <= claim.Length ? claim.Place.In(frame) + from : null;
    }
}
