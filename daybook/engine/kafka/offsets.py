"""Where to start reading a partition: never a silent reset."""

from dataclasses import dataclass

from daybook.engine.errors import FleetMismatch, Gap
from daybook.engine.partition import Partition


@dataclass(frozen=True, slots=True)
class LogBounds:
    """What the log holds: from `low` to before `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Commit:
    """A committed offset and its metadata, as Kafka returns it; no offset is below zero."""

    offset: int
    metadata: str | None


def metadata(fleet: str, topic_id: str) -> str:
    return f"{fleet}|{topic_id}"


def start_offset(
    partition: Partition, fleet: str, checkpoint: int | None, commit: Commit, bounds: LogBounds
) -> int:
    """The lower of checkpoint and commit; without a checkpoint the log's start.

    A commit counts only if it names this fleet and this incarnation of the topic. Raises Bound
    for a commit of another fleet, and Gap when the log does not hold the offset.
    """
    check_commit(partition.topic, fleet, commit)
    if checkpoint is None:
        return bounds.low
    start = checkpoint
    if commit.offset >= 0 and commit.metadata == metadata(fleet, partition.topic_id):
        start = min(checkpoint, commit.offset)
    if start < bounds.low:
        raise Gap(
            f"{partition}: offsets {start} to {bounds.low - 1} were deleted before they were "
            "counted. `daybook reset GROUP --accept-gap` goes on after them, and `verify` will "
            "say so for ever"
        )
    if start > bounds.high:
        raise Gap(
            f"{partition}: {start} offsets were counted, and the log now ends at {bounds.high}: it "
            "lost its tail. `daybook reset GROUP --accept-gap` goes on from its end"
        )
    return start


def check_commit(topic: str, fleet: str, commit: Commit) -> None:
    """Raises Bound when another fleet commits under this group's name."""
    owner, separator, _ = (commit.metadata or "").partition("|")
    if commit.offset >= 0 and separator and owner != fleet:
        raise FleetMismatch(
            f"another fleet ({owner}) commits {topic} for this group on this cluster: two fleets "
            "that share a group would each miss what the other gets. Use its database "
            "(DAYBOOK_MONGODB_DATABASE), or another cluster"
        )
