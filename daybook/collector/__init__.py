"""Tracking over HTTP: a browser's call becomes an enriched event in Kafka; one noun a file."""
