// Attributes of the whole assembly.
