namespace Iql.Torch;

/// <summary>Where the calls of a grid go, one after the other, beside the host. A step can be recorded there and made
/// again. Then tensors stay where they are: a step ends with copies into the state.</summary>
/// <remarks>What is made within and stays would lie in memory that a recorded step uses. So what stays is made
/// outside.</remarks>
interface IStream : IDisposable
{
    /// <summary>Makes calls on the stream; they may still be under way when this returns.</summary>
    void Within(Action calls);

    /// <summary>Records calls, without making them. The result makes them on the stream.</summary>
    Action Record(Action calls);

    /// <summary>Waits until all calls are made.</summary>
    void Wait();

    /// <summary>Host memory from which a card copies beside the host.</summary>
    nint Allocate(nuint bytes);

    /// <summary>Gives memory back.</summary>
    void Release(nint memory);
}
