using Iql.Graph;

namespace Iql.Networks;

/// <summary>How weights and biases start.</summary>
public enum Initialisation
{
    /// <summary>Orthogonal weights of gain √2 on every layer; biases 0 (ikostrikov/implicit_q_learning).</summary>
    Orthogonal,
    /// <summary>Weights and biases uniform on ±1/√inputs: the default of PyTorch's Linear, used by CORL.</summary>
    Torch,
    /// <summary>Orthogonal, but the last layer of gain 1/100: Q starts near 0 (CORL's CQL, critics).</summary>
    OrthogonalSmallOutput,
    /// <summary>Torch, but the last layer ±√(6 / (inputs + outputs)) / 100, biases 0 (young-geng/CQL).</summary>
    TorchSmallOutput,
    /// <summary>Weights uniform on ±√(6 / (inputs + outputs)); biases 0 (ikostrikov/rlpd).</summary>
    Xavier,
}

/// <summary>Starting values of a network: a pure function of a seed and the parameters' names.</summary>
public static class Initialisers
{
    const double SmallGain = 0.01;

    /// <summary>Sets w0, b0, w1, … of one network in a block, and gains of normalised layers to 1. Other parameters
    /// (logStd) become 0.</summary>
    /// <param name="initialisation">Which kind.</param>
    /// <param name="network">Its part of the block ("value"), or "" for the whole block.</param>
    public static void Network(Initialisation initialisation, Seed seed, TensorBlock block, string network)
    {
        var prefix = network == "" ? "" : network + "/";
        for (var k = 0; block.Layout.Contains($"{prefix}w{k}"); k++)
        {
            var shape = block.Layout[$"{prefix}w{k}"].Shape;
            var (inputs, outputs) = (shape[0], shape[1]);
            var (weights, biases) = (seed.Split($"w{k}"), seed.Split($"b{k}"));
            var xavier = Math.Sqrt(6.0 / (inputs + outputs));
            var bound = initialisation == Initialisation.Xavier ? xavier : 1 / Math.Sqrt(inputs);
            var orthogonal = initialisation is Initialisation.Orthogonal or Initialisation.OrthogonalSmallOutput;
            var small = (initialisation is Initialisation.OrthogonalSmallOutput or Initialisation.TorchSmallOutput)
                && !block.Layout.Contains($"{prefix}w{k + 1}");
            block.Write($"{prefix}w{k}", Floats(orthogonal
                ? Orthogonal(weights, inputs, outputs, small ? SmallGain : Math.Sqrt(2))
                : Uniform(weights, inputs * outputs, small ? SmallGain * xavier : bound)));
            var zero = orthogonal || small || initialisation == Initialisation.Xavier;
            block.Write($"{prefix}b{k}", Floats(zero ? new double[outputs] : Uniform(biases, outputs, bound)));
            if (block.Layout.Contains($"{prefix}gain{k}"))
                block.Write($"{prefix}gain{k}", Floats([.. Enumerable.Repeat(1.0, outputs)]));
        }

        static float[] Floats(double[] numbers) => Array.ConvertAll(numbers, number => (float)number);
    }

    /// <summary>Numbers uniform on [−bound, bound).</summary>
    public static double[] Uniform(Seed seed, int count, double bound)
    {
        var numbers = new double[count];
        for (var i = 0; i < count; i++) numbers[i] = seed.Uniform((ulong)i, bound);
        return numbers;
    }

    /// <summary>A random matrix with orthogonal rows or columns (the fewer of the two), all of length
    /// <paramref name="gain"/>, row-major: Q of the QR decomposition of a standard normal matrix, with R's diagonal
    /// positive, so it is uniform on the orthogonal group.</summary>
    /// <remarks>Saxe, McClelland and Ganguli 2014, arXiv:1312.6120; Mezzadri 2007, arXiv:math-ph/0609050.</remarks>
    public static double[] Orthogonal(Seed seed, int rows, int columns, double gain)
    {
        // Gram and Schmidt on vectors of the longer side, twice each: once loses digits (Giraud et al. 2005). Its R has
        // a positive diagonal, so no sign is left to correct.
        var (count, length) = rows < columns ? (rows, columns) : (columns, rows);
        var vectors = new double[count][];
        for (var i = 0; i < count; i++)
        {
            var vector = vectors[i] = new double[length];
            for (var j = 0; j < length; j++) vector[j] = seed.Normal((ulong)i * (ulong)length + (ulong)j);
            for (var pass = 0; pass < 2; pass++)
                for (var other = 0; other < i; other++) AddScaled(vector, vectors[other], -Dot(vector, vectors[other]));
            var scale = 1 / Math.Sqrt(Dot(vector, vector));
            for (var j = 0; j < length; j++) vector[j] *= scale;
        }
        var matrix = new double[rows * columns];
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++)
                matrix[row * columns + column] = gain * (rows < columns ? vectors[row][column] : vectors[column][row]);
        return matrix;
    }

    // Plain loops: the sum's order, and so the bits, must not depend on the processor's vector width.
    static double Dot(double[] x, double[] y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }

    static void AddScaled(double[] x, double[] y, double scale)
    {
        for (var i = 0; i < x.Length; i++) x[i] += scale * y[i];
    }
}
