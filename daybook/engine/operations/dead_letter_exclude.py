"""Records that a group never counts a message, so that its members can pass it.

The record is a dead letter with a reason of its own: a member that starts reads it, and then copies
the message to the dead-letter topic, as for any other recorded position.
"""

from datetime import UTC, datetime

from confluent_kafka.admin import AdminClient
from pymongo.errors import DuplicateKeyError

from daybook.engine import bookkeeping
from daybook.engine.errors import DaybookError
from daybook.engine.group import Group
from daybook.engine.kafka.admin import log_bounds, topic_ids
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.operations.reset import check_stopped
from daybook.engine.partition import Partition
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.engine.protocol.dead_letters import record

EXCLUDED = "excluded"
"""The reason of a message that an operator excluded."""


def exclude(
    group: Group, topic: str, number: int, offset: int, client: AdminClient, documents: Documents
) -> None:
    """Records the exclusion of a message that a stopped group has not counted yet.

    Raises DaybookError if the log does not hold it, if members run, or if it is counted or a dead
    letter already; and Unavailable.
    """
    ids, bounds = topic_ids(client, [topic]), log_bounds(client, [topic])
    if topic not in ids:
        raise DaybookError(f"no topic {topic} on the cluster: run `daybook topics apply`")
    held = bounds.get((topic, number))
    if held is None:
        raise DaybookError(f"{topic} has no partition {number}")
    partition = Partition(topic, ids[topic], number)
    if not held.low <= offset < held.high:
        raise DaybookError(
            f"{partition} offset {offset}: the log holds offsets {held.low} to {held.high - 1}"
        )
    check_stopped(group, client)
    _check_uncounted(partition, offset, group, documents)
    excluded = record(
        group.name, partition, offset, EXCLUDED, "an operator excluded it", datetime.now(UTC)
    )
    with reachable():
        try:
            documents[bookkeeping.DEAD_LETTERS].insert_one(excluded)
        except DuplicateKeyError:
            by_id = {"_id": excluded["_id"]}
            found = documents[bookkeeping.DEAD_LETTERS].find_one(by_id) or {}
            raise DaybookError(
                f"{partition} offset {offset} is a dead letter of {group.name} already "
                f"({found.get('reason')}): it is not counted"
            ) from None


def _check_uncounted(partition: Partition, offset: int, group: Group, documents: Documents) -> None:
    """Raises DaybookError if the group has counted the message, or by the definition in it."""
    place = partition.topic_id, partition.number
    reached = Checkpoints(group.name, documents).all().get(place, 0)
    if reached > offset:
        raise DaybookError(
            f"{partition} offset {offset} is counted by {group.name} already, which has reached "
            f"{reached}: an exclusion would make its numbers differ from the log. If the message "
            "is wrong, let its producer send an event that corrects it"
        )
    if partition.topic in group.topics or group.state is None:
        return
    reference = f"{partition.topic_id}:{partition.number}:{offset}"
    with reachable():
        pinned = documents[group.state.collection].find_one(
            {f"definitions.{reference}": {"$exists": True}}, {"_id": 1}
        )
    if pinned:
        raise DaybookError(
            f"{partition} offset {offset}: {group.name} has counted by this definition already"
        )
