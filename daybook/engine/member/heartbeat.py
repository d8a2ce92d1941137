"""A member's heartbeat document, for `daybook status` and for the freshness of reports."""

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
    """The heartbeat of one member, written with w:1; losing one costs a second of freshness."""

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
        """Writes partitions, lag and freshness; logs a warning if MongoDB does not answer."""
        partitions = [
            {
                "topic": assigned.partition.topic,
                "topic_id": assigned.partition.topic_id,
                "partition": assigned.partition.number,
                "next": assigned.durable,
                "end": member.end_of(assigned),
                "lag": member.end_of(assigned) - assigned.durable,
            }
            for assigned in member.assigned
        ]
        fields = {
            "heartbeat_at": datetime.now(UTC),
            "partitions": partitions,
            "newest_event_at": member.progress.newest_event_at,
        }
        try:
            with reachable():
                self._collection.update_one(
                    {"_id": self._id}, {"$set": fields, "$setOnInsert": self._fixed}, upsert=True
                )
        except Unavailable as error:
            log.warning("heartbeat not written", why=str(error))

    def leave(self) -> None:
        """Marks the member as stopped. Its last heartbeat is kept, as it may be the newest."""
        try:
            with reachable():
                self._collection.update_one(
                    {"_id": self._id}, {"$set": {"left_at": datetime.now(UTC)}}
                )
        except Unavailable as error:
            log.warning("stop not recorded", why=str(error))
