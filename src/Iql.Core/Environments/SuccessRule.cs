namespace Iql.Environments;

/// <summary>
/// What makes an episode a success: more than so many decisions with a reward above so much. The default, any reward above 0, is that of
/// tasks whose goal is rewarded once.
/// </summary>
/// <param name="Reward">A decision counts when its raw reward is above this.</param>
/// <param name="Decisions">An episode is a success when more than these count, at least 0.</param>
public readonly record struct SuccessRule(float Reward, int Decisions);
