using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Networks;

/// <summary>Inverted dropout: h ← h · 1(u ≥ rate) / (1 − rate) with u uniform, so the mean of h stays. The mask is a
/// pure function of (seed, step, layer): it depends neither on threads nor on other runs beside.</summary>
/// <param name="Rate">Share of numbers dropped, a scalar in [0, 1).</param>
/// <param name="Seed">The run's seed, a scalar (<see cref="Iql.Seed.AsScalar"/>).</param>
/// <param name="Step">Number of steps made, a scalar.</param>
/// <remarks>Srivastava et al. 2014. ikostrikov/implicit_q_learning: the policy (0.1 for Adroit, Kitchen).</remarks>
public sealed record Dropout(Tensor Rate, Tensor Seed, Tensor Step)
{
    // Streams of the graph's random numbers: 100 + k is the mask after hidden layer k.
    const int FirstStream = 100;

    /// <summary>Drops numbers of hidden layer number <paramref name="layer"/>, [B, H].</summary>
    public Tensor Apply(Tensor hidden, int layer) =>
        hidden * (RandomUniform(Seed, Step, FirstStream + layer, hidden.Shape) >= Rate) * (1 / (1 - Rate));
}
