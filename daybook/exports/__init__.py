"""The export worker: makes files of reports, each once and whole; one noun a file."""
