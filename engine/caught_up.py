"""Whether a group has counted everything that the log held at a moment, whoever counts it."""

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from engine.checkpoints import Checkpoints
from engine.errors import DaybookError, Unavailable
from engine.kafka import REQUEST_SECONDS, topic_ids

Ends = dict[tuple[str, int], int]
"""The log's end by topic id and partition."""


def log_ends(client: AdminClient, topics: list[str]) -> Ends:
    """The present end of every partition. Raises DaybookError for a missing topic; Unavailable."""
    ids = topic_ids(client, topics)
    if missing := [topic for topic in topics if topic not in ids]:
        raise DaybookError(f"no topic {', '.join(missing)}: run `daybook topics apply`")
    try:
        known = client.list_topics(timeout=REQUEST_SECONDS).topics
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        wanted = {
            TopicPartition(topic, number): latest
            for topic in topics
            for number in known[topic].partitions
        }
        found = client.list_offsets(wanted, request_timeout=REQUEST_SECONDS)
        return {(ids[p.topic], p.partition): f.result().offset for p, f in found.items()}
    except KafkaException as error:
        raise Unavailable(f"Kafka does not answer: {error.args[0].str()}") from error


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
