"""Computes the known answer of a log: what the documents must hold, from docs/funnels.md alone.

It is written plainly rather than for speed, and shares no code with what it checks. A log is a
sequence of entries in append order; a definition applies from its place in that sequence on.
"""
