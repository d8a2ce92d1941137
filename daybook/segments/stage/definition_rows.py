"""Reads the definitions of segments, and keeps a row of each version."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.source import Definition
from daybook.engine.group import Definitions as DefinitionTopics
from daybook.engine.mongo.client import Documents, reachable
from daybook.segments.definitions import Definitions, Segment
from models.segments import AudienceSegments
from schemas.envelope import organization_of

ACTIVE, SUPERSEDED, RETIRED = "active", "superseded", "retired"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DefinitionRows:
    """`definitions` are those that were read. What is wrong becomes a dead letter."""

    def __init__(self, topics: DefinitionTopics, documents: Documents) -> None:
        self.definitions = Definitions()
        self._topics = topics
        self._collection = documents[AudienceSegments.collection]
        self._unwritten: set[tuple[str, str]] = set()

    def read_new(self) -> None:
        """Reads what was defined since the last call, and stores it. Raises Unavailable."""
        self._topics.read_new(self._take)
        if not self._unwritten:
            return
        updates = [update for place in self._unwritten for update in self._updates(*place)]
        with reachable():
            self._collection.bulk_write(updates, ordered=False)
        self._unwritten.clear()

    def _take(self, definition: Definition) -> None:
        event = definition.event
        self.definitions.take(event, definition.appended_ms)
        self._unwritten.add((organization_of(event), event["data"]["segment_id"]))

    def _updates(self, organization: str, name: str) -> Iterator[UpdateOne]:
        segment = self.definitions.segment(organization, name)
        assert segment is not None
        for version in segment.versions:
            key = ":".join(map(encode_part, (organization, name, str(version.number))))
            fixed: dict[str, Any] = {
                "organization_id": organization,
                "segment_id": name,
                "version": version.number,
                "name": version.name,
                "filters": version.filters,
                "resolved": version.resolved,
                "hash": version.hash,
                "defined_at": _EPOCH + timedelta(milliseconds=version.defined_ms),
            }
            status = {"status": _status(segment, version.number)}
            yield UpdateOne({"_id": key}, {"$setOnInsert": fixed, "$set": status}, upsert=True)


def _status(segment: Segment, version: int) -> str:
    if version < segment.versions[-1].number:
        return SUPERSEDED
    return RETIRED if segment.is_retired else ACTIVE
