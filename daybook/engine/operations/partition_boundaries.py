"""Records a boundary in a topic's log before partitions are added.

A key may move to another partition only across a boundary. A boundary is never removed: if the
partitions are not added after all (a crash in between), later messages may already have been
counted as after it. So a repeated attempt adds its own boundary, unless nothing was written since.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import Int64
from confluent_kafka.admin import AdminClient
from pymongo.errors import DuplicateKeyError

from daybook.engine import bookkeeping
from daybook.engine.errors import DaybookError
from daybook.engine.group import Group
from daybook.engine.kafka.admin import log_bounds, members, topic_ids
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.protocol.checkpoints import Checkpoints


class NotReady(DaybookError):
    """Partitions cannot be added now; the message says what must be done first."""


def record_boundary(
    documents: Documents, client: AdminClient, topic: str, to: int, groups: Iterable[Group]
) -> dict[int, int]:
    """Records the end offsets of the topic's partitions, immediately before it gets `to` of them.

    `groups` are the groups with state that read the topic. Returns the end offsets by partition.
    Raises NotReady if a group has members or lag, or if producers still write; Unavailable.
    """
    stateful = list(groups)
    _check_stopped(client, stateful, topic)
    topic_id = topic_ids(client, [topic])[topic]
    ends = partition_ends(client, topic)
    for group in stateful:
        reached = Checkpoints(group.name, documents).all()
        check_caught_up(group.name, topic, ends, {p: reached.get((topic_id, p), 0) for p in ends})
    _append(documents, topic, topic_id, to, ends)
    # A member that starts from now on reads the boundary; one that started before has not.
    _check_stopped(client, stateful, topic)
    if partition_ends(client, topic) != ends:
        raise NotReady(f"{topic}: its producers still write; stop them, then run the command again")
    return ends


def partition_ends(client: AdminClient, topic: str) -> dict[int, int]:
    """The end offset of each partition. Raises Unavailable."""
    return {number: bounds.high for (_, number), bounds in log_bounds(client, [topic]).items()}


def check_caught_up(
    group: str, topic: str, ends: Mapping[int, int], reached: Mapping[int, int]
) -> None:
    """Raises NotReady unless every partition was counted to its end."""
    lag = sum(max(0, end - reached[number]) for number, end in ends.items())
    if lag:
        raise NotReady(
            f"{group} has not counted {lag:,} messages of {topic} yet: stop the producers, run "
            f"`daybook run {group} --until-caught-up`, then run this command again"
        )


def is_recorded(
    boundaries: list[dict[str, Any]], before: int, to: int, ends: Mapping[int, int]
) -> bool:
    """Whether the newest boundary is this one, from an attempt that died before the partitions
    were added."""
    if not boundaries:
        return False
    last = boundaries[-1]
    same = {int(number): end for number, end in last["ends"].items()} == dict(ends)
    return same and (last["partitions_before"], last["partitions"]) == (before, to)


def _append(
    documents: Documents, topic: str, topic_id: str, to: int, ends: Mapping[int, int]
) -> None:
    collection, name = documents[bookkeeping.FLEET], f"boundaries:{topic_id}"
    with reachable():
        stored = collection.find_one({"_id": name}) or {"boundaries": []}
        known = stored["boundaries"]
        if is_recorded(known, len(ends), to, ends):
            return
        boundary = {
            "partitions_before": len(ends),
            "partitions": to,
            "ends": {str(number): Int64(end) for number, end in ends.items()},
            "at": datetime.now(UTC),
        }
        try:
            collection.update_one(
                {"_id": name, f"boundaries.{len(known)}": {"$exists": False}},
                {"$setOnInsert": {"topic": topic}, "$push": {"boundaries": boundary}},
                upsert=True,
            )
        except DuplicateKeyError:
            raise NotReady(f"{topic}: another `topics apply` is adding partitions") from None


def _check_stopped(client: AdminClient, groups: list[Group], topic: str) -> None:
    for group in groups:
        if running := members(client, group.name):
            raise NotReady(
                f"stop {group.name} first (members running: {running}): a member reads the "
                f"boundaries of {topic} only when it starts; then run the command again"
            )
