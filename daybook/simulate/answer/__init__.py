"""What the documents must hold, worked out from docs/funnels.md alone, plainly rather than fast.

It shares no code with what it checks. A log is a sequence of entries in the order in which they
were appended; a definition is in force from its place in that sequence on.
"""
