"""Daybook as it is installed: its wheel with some extras, and what it takes to start."""
