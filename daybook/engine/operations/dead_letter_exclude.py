"""Records that a group never counts a message, so that its members can pass it.

The record is a dead letter with a reason of its own: a member that starts reads it, and then copies
the message to the dead-letter topic, as for any other recorded position.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from confluent_kafka.admin import AdminClient
from pymongo.errors import DuplicateKeyError

from daybook.engine import bookkeeping
from daybook.engine.errors import DaybookError
from daybook.engine.group import Group
from daybook.engine.kafka.admin import log_bounds, topic_ids
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.operations.reset import check_stopped
from daybook.engine.protocol.checkpoints import Checkpoints

EXCLUDED = "excluded"
"""The reason of a message that an operator excluded."""


@dataclass(frozen=True, slots=True)
class Position:
    """A message, for one group."""

    group: str
    topic: str
    topic_id: str
    partition: int
    offset: int

    @property
    def id(self) -> str:
        """The `_id` of its dead letter."""
        return f"{self.group}:{self.topic_id}:{self.partition}:{self.offset}"

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}] offset {self.offset}"


def exclude(
    group: Group, topic: str, partition: int, offset: int, client: AdminClient, documents: Documents
) -> Position:
    """Records the exclusion of a message that a stopped group has not counted yet.

    Raises DaybookError if the log does not hold it, if members run, or if it is counted or a dead
    letter already; and Unavailable.
    """
    ids, bounds = topic_ids(client, [topic]), log_bounds(client, [topic])
    if topic not in ids:
        raise DaybookError(f"no topic {topic} on the cluster: run `daybook topics apply`")
    held = bounds.get((topic, partition))
    if held is None:
        raise DaybookError(f"{topic} has no partition {partition}")
    here = Position(group.name, topic, ids[topic], partition, offset)
    if not held.low <= offset < held.high:
        raise DaybookError(f"{here}: the log holds offsets {held.low} to {held.high - 1}")
    check_stopped(group, client)
    _check_uncounted(here, group, documents)
    record = {
        "_id": here.id,
        "group": group.name,
        "topic": topic,
        "topic_id": here.topic_id,
        "partition": partition,
        "offset": offset,
        "reason": EXCLUDED,
        "detail": "an operator excluded it",
        "at": datetime.now(UTC),
        "replayed": None,
        "cut": False,
    }
    with reachable():
        try:
            documents[bookkeeping.DEAD_LETTERS].insert_one(record)
        except DuplicateKeyError:
            found = documents[bookkeeping.DEAD_LETTERS].find_one({"_id": here.id}) or {}
            raise DaybookError(
                f"{here} is a dead letter of {group.name} already ({found.get('reason')}): it is "
                "not counted"
            ) from None
    return here


def _check_uncounted(here: Position, group: Group, documents: Documents) -> None:
    """Raises DaybookError if the group has counted the message, or by the definition in it."""
    reached = Checkpoints(group.name, documents).all().get((here.topic_id, here.partition), 0)
    if reached > here.offset:
        raise DaybookError(
            f"{here} is counted by {group.name} already, which has reached {reached}: an exclusion "
            "would make its numbers differ from the log. If the message is wrong, let its producer "
            "send an event that corrects it"
        )
    if here.topic in group.topics or group.state is None:
        return
    reference = f"{here.topic_id}:{here.partition}:{here.offset}"
    with reachable():
        pinned = documents[group.state.collection].find_one(
            {f"definitions.{reference}": {"$exists": True}}, {"_id": 1}
        )
    if pinned:
        raise DaybookError(f"{here}: {group.name} has counted by this definition already")
