using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>A step's random numbers, standard normal as a rule: a stream and a shape to a tensor.</summary>
/// <param name="stream">Number of the draw, another for each of an algorithm. Dropout has those from 100 on.</param>
/// <param name="shape">Shape of what is drawn.</param>
public delegate Tensor Draw(int stream, Shape shape);

/// <summary>The usual draws.</summary>
public static class Draws
{
    /// <summary>Functions of the run's seed and the step: the same after a resume, on any number of threads.</summary>
    public static Draw Normal { get; } =
        (stream, shape) => Tensor.RandomNormal(Tensor.Scalar("seed"), Tensor.Scalar("step"), stream, shape);

    /// <summary>The same, uniform on [−1, 1).</summary>
    public static Draw Uniform { get; } =
        (stream, shape) => 2 * Tensor.RandomUniform(Tensor.Scalar("seed"), Tensor.Scalar("step"), stream, shape) - 1;
}
