"""The boundary between a topic's few partitions and its many, recorded before they are added.

A key may move to another partition only across such a boundary. What is recorded stays: if the
partitions were then not added (a crash between), messages may have been counted as belonging after
it, so a repeated attempt adds a boundary of its own unless nothing was written in between.
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


class NotYet(DaybookError):
    """Partitions cannot be added now; the message says what must be done before."""


def record_boundary(
    documents: Documents, client: AdminClient, topic: str, to: int, groups: Iterable[Group]
) -> dict[int, int]:
    """Records the ends of the topic's partitions, the last thing before `to` is their number.

    `groups` are those with state that read the topic. Returns the ends. Raises NotYet when one
    has members or lags behind, or when producers still write; Unavailable.
    """
    stateful = list(groups)
    _check_stopped(client, stateful, topic)
    topic_id = topic_ids(client, [topic])[topic]
    ends = partition_ends(client, topic)
    for group in stateful:
        reached = Checkpoints(group.name, documents).all()
        check_caught_up(group.name, topic, ends, {p: reached.get((topic_id, p), 0) for p in ends})
    _append(documents, topic, topic_id, to, ends)
    # A member that starts from here on reads the boundary; one that started before did not.
    _check_stopped(client, stateful, topic)
    if partition_ends(client, topic) != ends:
        raise NotYet(f"{topic}: its producers still write. Stop them, then repeat")
    return ends


def partition_ends(client: AdminClient, topic: str) -> dict[int, int]:
    """The log's end of each partition. Raises Unavailable."""
    return {number: bounds.high for (_, number), bounds in log_bounds(client, [topic]).items()}


def check_caught_up(
    group: str, topic: str, ends: Mapping[int, int], reached: Mapping[int, int]
) -> None:
    """Raises NotYet unless every partition was counted to its end."""
    lag = sum(max(0, end - reached[number]) for number, end in ends.items())
    if lag:
        raise NotYet(
            f"{group} has {lag:,} messages of {topic} still to count. Stop the producers, say "
            f"`daybook run {group} --until-caught-up`, then repeat"
        )


def is_recorded(
    boundaries: list[dict[str, Any]], before: int, to: int, ends: Mapping[int, int]
) -> bool:
    """Whether the newest boundary says exactly this: an attempt that died before Kafka was told."""
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
        found = collection.find_one({"_id": name}) or {"boundaries": []}
        known = found["boundaries"]
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
            raise NotYet(f"{topic}: another `topics apply` is adding partitions") from None


def _check_stopped(client: AdminClient, groups: list[Group], topic: str) -> None:
    for group in groups:
        if running := members(client, group.name):
            raise NotYet(
                f"stop {group.name} first (members running: {running}): a member learns of the "
                f"boundary in {topic} only when it starts. Then repeat"
            )
