"""How a group stands: who counts, how far it has come, what is set aside. Needs no member."""

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
class PartitionStanding:
    """`next` is the first offset that is not durable; `end` the log's. `in_log` is false when the
    log does not hold `next`, so that the group cannot go on."""

    topic: str
    partition: int
    next: int
    end: int
    in_log: bool

    @property
    def lag(self) -> int:
        return max(0, self.end - self.next)


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """`newest_event_at` is the newest event applied, as a member of the last day tells it;
    `newest_day` is the newest with a document, YYYY-MM-DD, member or not."""

    group: str
    members: int
    partitions: list[PartitionStanding]
    newest_event_at: datetime | None
    newest_day: str | None
    dead_letters_waiting: int
    gaps_accepted: int
    topics_missing: list[str]

    @property
    def lag(self) -> int:
        return sum(partition.lag for partition in self.partitions)


def standings(
    groups: Iterable[Group], documents: Documents, client: AdminClient, now: datetime
) -> list[GroupStatus]:
    """How each group stands. Raises Unavailable."""
    chosen = list(groups)
    topics = sorted({topic for group in chosen for topic in group.topics})
    ids, bounds = topic_ids(client, topics), log_bounds(client, topics)
    return [_standing(group, documents, ids, bounds, now) for group in chosen]


def _standing(
    group: Group,
    documents: Documents,
    ids: Mapping[str, str],
    bounds: Mapping[Place, LogBounds],
    now: datetime,
) -> GroupStatus:
    reached = Checkpoints(group.name, documents).all()
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
            partition_standing(place, reached.get((ids[place[0]], place[1])), here)
            for place, here in bounds.items()
            if place[0] in group.topics and place[0] in ids
        ],
        newest_event_at=newest(members),
        newest_day=_newest_day(group, documents),
        dead_letters_waiting=waiting,
        gaps_accepted=gaps,
        topics_missing=[topic for topic in group.topics if topic not in ids],
    )


def _newest_day(group: Group, documents: Documents) -> str | None:
    with reachable():
        found = [
            documents[model.collection].find_one({}, {"date": 1}, sort=[("date", -1)])
            for model in group.documents
        ]
    return max((f"{one['date']:%Y-%m-%d}" for one in found if one), default=None)


def partition_standing(place: Place, reached: int | None, bounds: LogBounds) -> PartitionStanding:
    """Without a checkpoint a group begins at the log's start."""
    next_offset = bounds.low if reached is None else reached
    in_log = bounds.low <= next_offset <= bounds.high
    return PartitionStanding(*place, next_offset, bounds.high, in_log)


def newest(members: Iterable[Mapping[str, Any]]) -> datetime | None:
    """The newest moment that members tell."""
    told = [member.get("newest_event_at") for member in members]
    return max((at for at in told if at), default=None)
