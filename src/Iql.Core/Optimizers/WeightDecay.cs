namespace Iql.Optimizers;

/// <summary>How weights are pulled towards 0 beside Adam.</summary>
public enum WeightDecay
{
    /// <summary>decay · w is added to the gradient, before the moments: torch.optim.Adam's weight_decay.</summary>
    Coupled,
    /// <summary>w also loses λ · decay · w, with the w before the step: AdamW.</summary>
    Decoupled,
}
