"""Decides the offset at which to start a partition; never resets it silently."""

from dataclasses import dataclass

from daybook.engine.errors import FleetMismatch, Gap
from daybook.engine.partition import Partition


@dataclass(frozen=True, slots=True)
class LogBounds:
    """The offsets that the log holds: from `low` up to but excluding `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Commit:
    """A committed offset and its metadata, as Kafka returns them; a negative offset is none."""

    offset: int
    metadata: str | None


def metadata(fleet: str, topic_id: str) -> str:
    """The metadata of an offset commit: names the fleet and the topic incarnation."""
    return f"{fleet}|{topic_id}"


def is_own(commit: Commit, partition: Partition, fleet: str) -> bool:
    """Whether the commit names this fleet and this incarnation of the topic."""
    return commit.metadata == metadata(fleet, partition.topic_id)


def went_back(partition: Partition, fleet: str, checkpoint: int | None, commit: Commit) -> bool:
    """Whether the database was restored: a checkpoint is stored before its offset is committed."""
    return is_own(commit, partition, fleet) and commit.offset > (checkpoint or 0)


def start_offset(
    partition: Partition, fleet: str, checkpoint: int | None, commit: Commit, bounds: LogBounds
) -> int:
    """The lower of checkpoint and commit; without a checkpoint, the start of the log.

    A commit counts only if it names this fleet and this incarnation of the topic. Raises
    FleetMismatch for a commit of another fleet, and Gap if the log does not hold the offset.
    """
    check_commit(partition.topic, fleet, commit)
    if checkpoint is None:
        return bounds.low
    start = checkpoint
    if commit.offset >= 0 and is_own(commit, partition, fleet):
        start = min(checkpoint, commit.offset)
    if start < bounds.low:
        raise Gap(
            f"{partition}: offsets {start} to {bounds.low - 1} were deleted before they were "
            "counted. `daybook reset GROUP --accept-gap` continues after them, and `verify` will "
            "always report the gap"
        )
    if start > bounds.high:
        raise Gap(
            f"{partition}: {start} offsets were counted, and the log now ends at {bounds.high}: it "
            "lost its tail. `daybook reset GROUP --accept-gap` continues at its end"
        )
    return start


def check_commit(topic: str, fleet: str, commit: Commit) -> None:
    """Raises FleetMismatch if another fleet commits under this group's name."""
    owner, separator, _ = (commit.metadata or "").partition("|")
    if commit.offset >= 0 and separator and owner != fleet:
        raise FleetMismatch(
            f"another fleet ({owner}) commits {topic} for this group on this cluster: of two "
            "fleets that share a group, each misses the messages of the other. Use the other "
            "fleet's database (DAYBOOK_MONGODB_DATABASE), or another cluster"
        )
