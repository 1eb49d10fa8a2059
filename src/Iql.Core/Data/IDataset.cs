namespace Iql.Data;

/// <summary>
/// N transitions (s, a, r, d, s′) that batches are drawn from: <see cref="Transitions"/> in memory, or a <c>RowFile</c> on disk.
/// Both give the same batches to the bit.
/// </summary>
public interface IDataset
{
    /// <summary>What the data set is called in runs and reports.</summary>
    string Name { get; }

    /// <summary>N.</summary>
    long Count { get; }

    /// <summary>S.</summary>
    int ObservationSize { get; }

    /// <summary>What an action is; a discrete one is a one-hot row.</summary>
    ActionSpace ActionSpace { get; }

    /// <summary>A.</summary>
    int ActionSize => ActionSpace.Size;

    /// <summary>16 hexadecimal digits that change with any bit of any row; the same for the same rows in memory and on disk.</summary>
    string Fingerprint { get; }

    /// <summary>What normalisation, remarks and pictures ask of all rows; of the raw rows, whatever normalisation is on.</summary>
    DatasetStatistics Statistics { get; }

    /// <summary>
    /// Rows for looking at, raw: all of them in memory; on disk at most <paramref name="most"/>, one drawn from each of so many equal
    /// stretches of the file. Only single rows mean something in it, not what follows what.
    /// </summary>
    Transitions Sample(int most);

    /// <summary>The same rows with a normalisation on: in memory a copy, on disk a view that is normalised as batches are filled.</summary>
    IDataset Normalized(Normalization normalization);

    /// <summary>The transitions themselves, for who must see what follows what.</summary>
    /// <exception cref="ArgumentException">They are on disk.</exception>
    internal Transitions InMemory(string wants) => this as Transitions ?? throw new ArgumentException(
        $"{Name}: expected transitions in memory for {wants}, got a row file, which gives single rows. Train on the .hdf5 or .npz file, or on a part of it.");

    /// <summary>The rows side by side.</summary>
    internal RowTable Table { get; }

    /// <summary>What is still to be done to the table's numbers when a batch is filled.</summary>
    internal Normalization Pending { get; }
}
