using Iql.Graph;
using static Iql.Graph.Tensor;

namespace Iql.Optimizers;

/// <summary>How a learning rate moves over the steps.</summary>
public enum LearningRateSchedule
{
    /// <summary>A half cosine, to 0 at the last step: the policy's in ikostrikov/implicit_q_learning.</summary>
    Cosine,
    /// <summary>The same at every step.</summary>
    Constant,
}

/// <summary>Learning-rate schedules.</summary>
public static class LearningRate
{
    /// <summary>λₜ = λ · ½ (1 + cos(π · min(t, T) / T)): λ at t = 0, 0 from t = T on.</summary>
    /// <param name="learningRate">λ, a scalar.</param>
    /// <param name="step">t, steps already made, a scalar.</param>
    /// <param name="steps">T, a scalar of at least 1.</param>
    /// <remarks>Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, without restarts.</remarks>
    public static Tensor Cosine(Tensor learningRate, Tensor step, Tensor steps) =>
        learningRate * 0.5 * (1 + Cos(Math.PI * Minimum(step, steps) / steps));

    /// <summary>λₜ = λ · min((t + 1) / T, 1): a linear climb over the first T steps, λ from then on.</summary>
    /// <param name="learningRate">λ, a scalar.</param>
    /// <param name="step">t, steps already made, a scalar.</param>
    /// <param name="steps">T, a scalar of at least 1: 1 is no warm-up.</param>
    /// <remarks>kzl/decision-transformer, gym/experiment.py.</remarks>
    public static Tensor WarmUp(Tensor learningRate, Tensor step, Tensor steps) =>
        learningRate * Minimum((step + 1) / steps, 1);
}
