"""Compares checkpoints with Kafka's offsets and the log, and finds documents ahead of them.

A document may be ahead of its group's checkpoint by what a member counts between two checkpoints: a
batch in flight, and the batches since the last one. A crash in between leaves it like that, and the
replay from the checkpoint heals it. A document that is further ahead, or beyond the end of the log,
was restored from another moment than the checkpoints (or written to a database that was being
restored): the messages in between are missing in it or in others, and no replay adds them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from confluent_kafka.admin import AdminClient
from pymongo.errors import ExecutionTimeout

from daybook.engine.group import Group
from daybook.engine.kafka.admin import Place, topic_ids
from daybook.engine.kafka.offsets import check_commit, went_back
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.operations.doctor import Finding
from daybook.engine.operations.reached import Reached, read_reached
from daybook.engine.settings import Settings

BATCHES_AHEAD_MAX = 2
"""How many batches a member may count between two checkpoints: one that takes long, and those of a
second before it, which together are no more than another one of full size."""

_SCAN_MS = 10_000
"""Per collection; the watermarks have no index."""


class Furthest(NamedTuple):
    """The document that has applied the highest offset of a partition."""

    offset: int
    document: str


def progress(
    group: Group, fleet: str, documents: Documents, client: AdminClient, settings: Settings
) -> Iterator[Finding]:
    """The findings about one group. Raises FleetMismatch and Unavailable."""
    # Documents before checkpoints before ends: each is then behind the next while members count.
    furthest, unread = _furthest(group, topic_ids(client, group.topics), documents)
    reached = read_reached(group, documents, client, settings)
    problems = [
        finding
        for one in reached
        for finding in (
            *find_conflicts(group, fleet, one),
            *find_ahead(group, one, furthest, BATCHES_AHEAD_MAX * settings.batch_messages_max),
        )
    ]
    yield from problems
    if not problems:
        yield Finding("progress", f"{group.name}: checkpoints, offsets, log and documents agree")
    for collection in unread:
        yield Finding(
            "progress",
            f"{group.name}: {collection} is too large to be searched in {_SCAN_MS // 1000} s; "
            "`daybook verify` compares every document",
        )


def find_conflicts(group: Group, fleet: str, one: Reached) -> Iterator[Finding]:
    """What checkpoint, commit and log say against each other. Raises FleetMismatch."""
    check_commit(one.partition.topic, fleet, one.commit)
    checkpoint, bounds = one.checkpoint, one.bounds
    if went_back(one.partition, fleet, checkpoint, one.commit):
        yield Finding(
            "progress",
            f"{group.name}, {one.partition}: the database went back from offset "
            f"{one.commit.offset} to {checkpoint or bounds.low}",
            f"start a member of {group.name}, which counts these messages again",
        )
    if checkpoint is not None and not bounds.low <= checkpoint <= bounds.high:
        yield Finding(
            "progress",
            f"{group.name}, {one.partition}: the checkpoint is {checkpoint}, the log holds "
            f"{bounds.low} to {bounds.high}",
            "restore the messages, or see `daybook reset --help`",
        )


def find_ahead(
    group: Group, one: Reached, furthest: Mapping[str, Mapping[Place, Furthest]], ahead_max: int
) -> Iterator[Finding]:
    """The furthest document of each collection that is further than a crash can explain."""
    place = one.partition.topic_id, one.partition.number
    last = (one.bounds.low if one.checkpoint is None else one.checkpoint) + ahead_max - 1
    for collection, by_place in furthest.items():
        found = by_place.get(place)
        if found and found.offset > min(last, one.bounds.high - 1):
            yield Finding(
                "documents",
                f"{collection} {found.document} has applied offset {found.offset} of "
                f"{one.partition}, the checkpoint of {group.name} is {one.checkpoint or 0}, the "
                f"log ends at {one.bounds.high}: they were restored from different moments",
                "stop the group; restore all collections from one backup, or run "
                f"`daybook rebuild {group.name} --all`",
            )


def _furthest(
    group: Group, ids: Mapping[str, str], documents: Documents
) -> tuple[dict[str, dict[Place, Furthest]], list[str]]:
    """The furthest document of each collection and partition, by topic id and number; and the
    collections that could not be read in time."""
    found: dict[str, dict[Place, Furthest]] = {}
    unread = []
    for collection in _collections(group):
        try:
            with reachable():
                found[collection] = {
                    (topic_id, int(row["_id"])): Furthest(row["top"]["offset"], row["top"]["id"])
                    for topic_id in ids.values()
                    for row in documents[collection].aggregate(
                        _pipeline(topic_id), maxTimeMS=_SCAN_MS
                    )
                }
        except ExecutionTimeout:
            unread.append(collection)
    return found, unread


def _collections(group: Group) -> list[str]:
    """The collections whose documents have watermarks."""
    names = [model.collection for model in group.documents]
    if group.state:
        names += [group.state.collection, *(rows.collection for rows in group.state.rows)]
    return names


def _pipeline(topic_id: str) -> list[dict[str, Any]]:
    applied = f"_daybook.applied.{topic_id}"
    return [
        {"$match": {applied: {"$type": "object"}}},
        {"$project": {"applied": {"$objectToArray": f"${applied}"}}},
        {"$unwind": "$applied"},
        {"$group": {
            "_id": "$applied.k",
            "top": {"$max": {"offset": "$applied.v", "id": {"$toString": "$_id"}}},
        }},
    ]  # fmt: skip
