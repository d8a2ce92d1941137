"""Recounts the members of segments."""
