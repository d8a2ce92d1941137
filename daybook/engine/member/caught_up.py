"""Whether a group has counted everything that the log held at a moment, whoever counts it."""

from confluent_kafka.admin import AdminClient

from daybook.engine.errors import DaybookError
from daybook.engine.kafka.admin import log_bounds, topic_ids
from daybook.engine.protocol.checkpoints import Checkpoints

Ends = dict[tuple[str, int], int]
"""The log's end by topic id and partition."""


def log_ends(client: AdminClient, topics: list[str]) -> Ends:
    """The present end of every partition. Raises DaybookError for a missing topic; Unavailable."""
    ids = topic_ids(client, topics)
    if missing := [topic for topic in topics if topic not in ids]:
        raise DaybookError(f"no topic {', '.join(missing)}: run `daybook topics apply`")
    bounds = log_bounds(client, topics)
    return {(ids[topic], number): found.high for (topic, number), found in bounds.items()}


class CaughtUp:
    """Compares a group's checkpoints, which are durable, with ends seen before."""

    def __init__(self, checkpoints: Checkpoints, ends: Ends) -> None:
        self._checkpoints = checkpoints
        self._ends = ends
        self.total = sum(ends.values())

    def done(self) -> int:
        """Offsets counted so far, of `total`. Raises Unavailable."""
        reached = self._checkpoints.all()
        return sum(min(end, reached.get(place, 0)) for place, end in self._ends.items())
