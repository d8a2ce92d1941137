"""Live updates of today's numbers: channels of Redis as server-sent events."""
