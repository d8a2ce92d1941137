"""The export worker: writes reports to files, each exactly once and complete."""
