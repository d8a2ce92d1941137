"""Today's numbers as they happen: the channels of Redis as server-sent events."""
