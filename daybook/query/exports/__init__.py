"""Exports over HTTP: request a report as a file, poll its status, download it."""
