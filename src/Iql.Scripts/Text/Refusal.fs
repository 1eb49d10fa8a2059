namespace Iql.Scripts

/// The user asked for something that cannot be done; the message says what was expected, what came, and the mend.
exception Refusal of message: string with
    override refusal.Message = refusal.message
