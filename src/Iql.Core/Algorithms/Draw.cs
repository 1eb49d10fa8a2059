using Iql.Graph;

namespace Iql.Algorithms;

/// <summary>Where a step takes its random numbers, standard normal as a rule, from: the stream's number and a shape, to a tensor.</summary>
/// <param name="stream">Which draw of the step: no two draws of an algorithm have the same number. Dropout has those from 100 on.</param>
/// <param name="shape">Shape of what is drawn.</param>
public delegate Tensor Draw(int stream, Shape shape);

/// <summary>Draws.</summary>
public static class Draws
{
    /// <summary>Numbers that are a function of the run's seed and the step: the same after a resume, on any number of threads.</summary>
    public static Draw Normal { get; } = (stream, shape) => Tensor.RandomNormal(Tensor.Scalar("seed"), Tensor.Scalar("step"), stream, shape);

    /// <summary>The same, uniform on [−1, 1).</summary>
    public static Draw Uniform { get; } = (stream, shape) => 2 * Tensor.RandomUniform(Tensor.Scalar("seed"), Tensor.Scalar("step"), stream, shape) - 1;
}
