"""Kafka, MongoDB and Redis as processes of this machine, without Docker and without root."""
