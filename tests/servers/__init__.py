"""The local servers themselves, started for real."""
