"""The status of groups: members, lag, dead letters and gaps, read without a running member."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from confluent_kafka.admin import AdminClient

from daybook.engine import bookkeeping
from daybook.engine.group import Group
from daybook.engine.kafka.admin import Place, log_bounds, topic_ids
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.protocol.checkpoints import Checkpoints

SILENT_SECONDS_MAX = 15


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """`next` is the first offset that is not durable, `end` the end of the log. `in_log` is false
    if the log does not hold `next`, so that the group cannot continue."""

    topic: str
    partition: int
    next: int
    end: int
    in_log: bool

    @property
    def lag(self) -> int:
        """Messages that are not durable yet."""
        return max(0, self.end - self.next)


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """`newest_event_at` is the time of the newest counted event, from heartbeats of the last day;
    `newest_day` is the newest day with a document, YYYY-MM-DD."""

    group: str
    members: int
    partitions: list[PartitionStatus]
    newest_event_at: datetime | None
    newest_day: str | None
    dead_letters_waiting: int
    gaps_accepted: int
    topics_missing: list[str]

    @property
    def lag(self) -> int:
        """The sum of its partitions' lags."""
        return sum(partition.lag for partition in self.partitions)


def group_statuses(
    groups: Iterable[Group], documents: Documents, client: AdminClient, now: datetime
) -> list[GroupStatus]:
    """The status of each group. Raises Unavailable."""
    group_list = list(groups)
    topics = sorted({topic for group in group_list for topic in _topics(group)})
    ids, bounds = topic_ids(client, topics), log_bounds(client, topics)
    return [_group_status(group, documents, ids, bounds, now) for group in group_list]


def _group_status(
    group: Group,
    documents: Documents,
    ids: Mapping[str, str],
    bounds: Mapping[Place, LogBounds],
    now: datetime,
) -> GroupStatus:
    reached = Checkpoints(group.name, documents).all() | _reached_in_feed(group, documents)
    topics = _topics(group)
    with reachable():
        members = list(documents[bookkeeping.MEMBERS].find({"group": group.name}))
        waiting = documents[bookkeeping.DEAD_LETTERS].count_documents(
            {"group": group.name, "replayed": {"$ne": "replayed"}}
        )
        gaps = documents[bookkeeping.FLEET].count_documents(
            {"_id": {"$regex": f"^gap:{group.name}:"}}
        )
    alive = now - timedelta(seconds=SILENT_SECONDS_MAX)
    return GroupStatus(
        group=group.name,
        members=sum(m["heartbeat_at"] >= alive and "left_at" not in m for m in members),
        partitions=[
            partition_status(place, reached.get((ids[place[0]], place[1])), held)
            for place, held in bounds.items()
            if place[0] in topics and place[0] in ids
        ],
        newest_event_at=newest_event(members),
        newest_day=_newest_day(group, documents),
        dead_letters_waiting=waiting,
        gaps_accepted=gaps,
        topics_missing=[topic for topic in topics if topic not in ids],
    )


def _topics(group: Group) -> list[str]:
    """The topics that the group reads, its own feed among them."""
    return [*group.topics, group.feed.topic] if group.feed else group.topics


def _reached_in_feed(group: Group, documents: Documents) -> dict[tuple[str, int], int]:
    if not group.feed:
        return {}
    with reachable():
        stored = list(documents[group.feed.reached].find({}, {"topic_id": 1, "next": 1}))
    return {(one["topic_id"], one["_id"]): int(one["next"]) for one in stored}


def _newest_day(group: Group, documents: Documents) -> str | None:
    with reachable():
        newest = [
            documents[model.collection].find_one({}, {"date": 1}, sort=[("date", -1)])
            for model in group.documents
        ]
    return max((f"{document['date']:%Y-%m-%d}" for document in newest if document), default=None)


def partition_status(place: Place, reached: int | None, bounds: LogBounds) -> PartitionStatus:
    """The status of a partition; `reached` is its checkpoint, None before the first one.

    Without a checkpoint a group starts at the beginning of the log.
    """
    next_offset = bounds.low if reached is None else reached
    in_log = bounds.low <= next_offset <= bounds.high
    return PartitionStatus(*place, next_offset, bounds.high, in_log)


def newest_event(members: Iterable[Mapping[str, Any]]) -> datetime | None:
    """The greatest `newest_event_at` of these heartbeats."""
    times = [member.get("newest_event_at") for member in members]
    return max((at for at in times if at), default=None)
