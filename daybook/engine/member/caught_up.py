"""Detects that a group has counted everything the log held at one moment, by whichever member."""

from confluent_kafka.admin import AdminClient

from daybook.engine.errors import DaybookError
from daybook.engine.kafka.admin import log_bounds, topic_ids
from daybook.engine.protocol.checkpoints import Checkpoints

Ends = dict[tuple[str, int], int]
"""The log's end by topic id and partition."""


def log_ends(client: AdminClient, topics: list[str]) -> Ends:
    """The current end of every partition. Raises DaybookError for a missing topic; Unavailable."""
    ids = topic_ids(client, topics)
    if missing := [topic for topic in topics if topic not in ids]:
        raise DaybookError(f"no topic {', '.join(missing)}: run `daybook topics apply`")
    bounds = log_bounds(client, topics)
    return {(ids[topic], number): held.high for (topic, number), held in bounds.items()}


class CaughtUp:
    """Compares a group's checkpoints, which are durable, with the log's ends of an earlier moment.

    `total` is the sum of these ends, an upper bound of the messages.
    """

    def __init__(self, checkpoints: Checkpoints, ends: Ends) -> None:
        self._checkpoints = checkpoints
        self._ends = ends
        self.total = sum(ends.values())

    def done(self) -> int:
        """Offsets counted so far, of `total`. Raises Unavailable."""
        reached = self._checkpoints.all()
        return sum(min(end, reached.get(place, 0)) for place, end in self._ends.items())
