namespace Iql.Scripts

/// The user asked for something that cannot be done; the message says what was expected, what came, and a hint.
exception Refusal of message: string with
    override refusal.Message = refusal.message

    /// The message and the caller's places, without frames of Iql.
    override refusal.ToString() =
        Iql.InputException.InCallersPlaces(refusal, $"{refusal.message}\n{refusal.StackTrace}")
