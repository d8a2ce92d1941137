"""The simulator, and the answer that it gives beside its events."""
