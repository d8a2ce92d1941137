"""What a member says of itself, for `daybook status` and for readers who ask how fresh it is."""

import os
import socket
import uuid
from datetime import UTC, datetime

import structlog
from pymongo import WriteConcern

from daybook.engine import bookkeeping
from daybook.engine.errors import Unavailable
from daybook.engine.member.member import Member
from daybook.engine.mongo.client import Documents, reachable

log = structlog.get_logger()


class Heartbeat:
    """News of one member. Its loss costs a second, so no majority is waited for."""

    def __init__(self, group: str, documents: Documents, port: int) -> None:
        self._collection = documents[bookkeeping.MEMBERS].with_options(
            write_concern=WriteConcern(1)
        )
        self._id = f"{group}:{uuid.uuid4().hex[:12]}"
        self._fixed = {
            "group": group,
            "member": self._id.rpartition(":")[2],
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "port": port,
            "started_at": datetime.now(UTC),
        }

    def beat(self, member: Member) -> None:
        """Tells partitions, lag and freshness; a store that is away only delays the news."""
        partitions = [
            {
                "topic": owned.partition.topic,
                "topic_id": owned.partition.topic_id,
                "partition": owned.partition.number,
                "next": owned.durable,
                "end": member.end_of(owned),
                "lag": member.end_of(owned) - owned.durable,
            }
            for owned in member.owned
        ]
        news = {
            "heartbeat_at": datetime.now(UTC),
            "partitions": partitions,
            "newest_event_at": member.observer.newest_event_at,
        }
        try:
            with reachable():
                self._collection.update_one(
                    {"_id": self._id}, {"$set": news, "$setOnInsert": self._fixed}, upsert=True
                )
        except Unavailable as error:
            log.warning("no heartbeat", why=str(error))

    def leave(self) -> None:
        """What it told last stays known: it is newer than what silent members told before."""
        try:
            with reachable():
                self._collection.update_one(
                    {"_id": self._id}, {"$set": {"left_at": datetime.now(UTC)}}
                )
        except Unavailable as error:
            log.warning("left without saying so", why=str(error))
