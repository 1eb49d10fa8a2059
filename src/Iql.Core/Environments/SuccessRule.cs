namespace Iql.Environments;

/// <summary>A success: more than so many decisions above a reward. Default: any reward above 0.</summary>
/// <param name="Reward">A decision counts when its raw reward is above this.</param>
/// <param name="Decisions">An episode is a success when more than these count, at least 0.</param>
public readonly record struct SuccessRule(float Reward, int Decisions);
