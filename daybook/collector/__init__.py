"""The collector: turns HTTP calls of browsers and servers into enriched events in Kafka."""
