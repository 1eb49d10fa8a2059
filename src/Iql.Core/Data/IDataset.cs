namespace Iql.Data;

/// <summary>N transitions (s, a, r, d, s′) to draw batches from: <see cref="Transitions"/> in memory, or a
/// <c>RowFile</c> on disk. Both give the same batches to the bit.</summary>
public interface IDataset
{
    /// <summary>Its name in runs and reports.</summary>
    string Name { get; }
    /// <summary>N.</summary>
    long Count { get; }
    /// <summary>S.</summary>
    int ObservationSize { get; }
    /// <summary>The kind and size of actions; a discrete one is a one-hot row.</summary>
    ActionSpace ActionSpace { get; }

    /// <summary>A.</summary>
    int ActionSize => ActionSpace.Size;

    /// <summary>Names, units and bounds of the columns; null where the source says none.</summary>
    DataColumns? Columns { get; }
    /// <summary>16 hexadecimal digits that change with any bit of any row; the same in memory and on disk.</summary>
    string Fingerprint { get; }
    /// <summary>Statistics over all raw rows, whatever normalisation is on.</summary>
    DatasetStatistics Statistics { get; }

    /// <summary>Raw rows to look at: all of them in memory; on disk at most <paramref name="most"/>, one drawn from
    /// each of so many equal parts of the file. Their order means nothing.</summary>
    Transitions Sample(int most);

    /// <summary>The same rows normalised: in memory a copy, on disk a view that normalises batches.</summary>
    IDataset Normalized(Normalization normalization);

    /// <summary>The transitions themselves, for algorithms that need the order of rows.</summary>
    internal Transitions InMemory(string wants) => this as Transitions ?? throw new InputException(
        $"{Name}: expected transitions in memory for {wants}, got a row file, which gives single rows. " +
        "Train on the .hdf5 or .npz file, or on a part of it.");

    /// <summary>The rows side by side.</summary>
    internal RowTable Table { get; }
    /// <summary>The normalisation that filling a batch still has to apply.</summary>
    internal Normalization Pending { get; }
}
