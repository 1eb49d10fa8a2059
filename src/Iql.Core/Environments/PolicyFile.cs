namespace Iql.Environments;

/// <summary>A policy trained elsewhere, as plain numbers: NAME.json lists tensors (name, shape, offset in floats), the
/// activation of hidden layers and the kind of output; NAME.f32 holds little-endian float32. A multilayer perceptron
/// from an observation to a mean and perhaps a standard deviation.</summary>
/// <remarks>Tensors: W0, b0, W1, b1, … hidden layers, [out, in] and [out]; Wmu, bmu the mean; logstd [A], or Wlogstd,
/// blogstd, clipped to logstd_clip; obs_mean, obs_std shift and scale the observation, then clipped to ± obs_clip.
/// Output "tanh_squashed_gaussian" squashes the draw, "gaussian_clipped_to_unit_box" clips it.</remarks>
public sealed class PolicyFile
{
    readonly PolicyNetwork network;

    /// <summary>Reads a policy.</summary>
    /// <param name="path">NAME.json.</param>
    /// <exception cref="FileException">A part is missing or of another shape; the message names it.</exception>
    public PolicyFile(string path) => (Path, network) = (path, PolicyNetwork.Read(path));

    /// <summary>Where it was read.</summary>
    public string Path { get; }
    /// <summary>S.</summary>
    public int ObservationSize => network.ObservationSize;
    /// <summary>A.</summary>
    public int ActionSize => network.Mean.Outputs;

    /// <summary>A policy that acts in several episodes at a time.</summary>
    /// <param name="draws">Whether actions are drawn; else they are the mean.</param>
    public IRolloutPolicy Actor(int episodes, bool draws) => new Acting(this, episodes, draws);

    /// <summary>The action for an observation.</summary>
    /// <param name="observation"><c>[S]</c>.</param>
    /// <param name="action">Written, [A], within ±1.</param>
    /// <param name="noise">Standard normal numbers, [A]; empty takes the mean.</param>
    public void Act(ReadOnlySpan<float> observation, Span<float> action, ReadOnlySpan<float> noise)
    {
        Span<float> input = stackalloc float[Math.Max(observation.Length, 512)],
            output = stackalloc float[input.Length];
        for (var i = 0; i < observation.Length; i++)
            input[i] = network.Shift is null ? observation[i] : Math.Clamp(
                (observation[i] - network.Shift[i]) / network.Scale![i],
                -network.ObservationLimit, network.ObservationLimit);
        var width = observation.Length;
        foreach (var layer in network.Hidden)
        {
            layer.Apply(input[..width], output);
            width = layer.Outputs;
            foreach (ref var x in output[..width]) x = network.Relu ? Math.Max(x, 0) : MathF.Tanh(x);
            var before = input;
            input = output;
            output = before;
        }
        network.Mean.Apply(input[..width], action);
        if (noise.Length > 0) network.Spread?.Apply(input[..width], output);
        for (var i = 0; i < action.Length; i++)
        {
            if (noise.Length > 0)
            {
                var log = network.Spread is not null ? output[i] : network.LogStd?[i] ?? float.NegativeInfinity;
                if (!float.IsNegativeInfinity(log)) log = Math.Clamp(log, network.MinLogStd, network.MaxLogStd);
                action[i] += MathF.Exp(log) * noise[i];
            }
            action[i] = network.Squashes ? MathF.Tanh(action[i]) : Math.Clamp(action[i], -1, 1);
        }
    }

    sealed class Acting(PolicyFile policy, int episodes, bool draws) : IRolloutPolicy
    {
        public int Episodes => episodes;

        public PolicyEpisodes Begin(Seed seed)
        {
            var (noise, decision) = (draws ? new float[policy.ActionSize] : [], 0);
            return (running, observations, _, actions) =>
            {
                for (var row = 0; row < running.Length; row++)
                {
                    var own = seed.Split((ulong)running[row]);
                    for (var i = 0; i < noise.Length; i++)
                        noise[i] = (float)own.Normal((ulong)(decision * noise.Length + i));
                    policy.Act(observations.Slice(row * policy.ObservationSize, policy.ObservationSize),
                        actions.Slice(row * policy.ActionSize, policy.ActionSize), noise);
                }
                decision++;
            };
        }

        public void Dispose()
        {
        }
    }
}
