"""Installs Daybook's wheel in an environment of its own, and measures how it starts."""
