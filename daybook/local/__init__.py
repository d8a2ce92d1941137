"""Kafka, MongoDB and Redis as processes on this machine, without Docker and without root."""
