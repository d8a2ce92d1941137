"""Reports over HTTP: read-only, to the right people, saying how fresh they are; one noun a file."""
