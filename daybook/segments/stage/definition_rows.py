"""Reads the definitions of segments, and keeps a row of each version."""

from collections.abc import Collection, Iterator
from typing import Any

from pymongo import UpdateOne

from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.source import Definition
from daybook.engine.group import Definitions as DefinitionTopics
from daybook.engine.moment import moment_at
from daybook.engine.mongo.client import Documents, reachable
from daybook.segments.definitions import Definitions, Segment
from daybook.segments.stage.new_definitions import DefinitionChange
from models.segments import AudienceSegments
from schemas.envelope import organization_of

BACKFILLING, ACTIVE, SUPERSEDED, RETIRED = "backfilling", "active", "superseded", "retired"


class DefinitionRows:
    """`definitions` are those that were read, and `changes` which segments they are about. What is
    wrong becomes a dead letter."""

    def __init__(self, topics: DefinitionTopics, documents: Documents) -> None:
        self.definitions = Definitions()
        self._topics = topics
        self._collection = documents[AudienceSegments.collection]
        self._unwritten: set[tuple[str, str]] = set()
        self._backfilling: dict[str, int] = {}
        self.changes: list[DefinitionChange] = []

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
        organization, data = organization_of(event), event["data"]
        if event["event_type"] == "campaign.pinned":
            return
        name = data["segment_id"]
        self.changes.append(DefinitionChange(definition.offset, organization, name))
        self._unwritten.add((organization, name))
        if "version" in data:
            self._backfilling[_key(organization, name, data["version"])] = definition.offset

    def show_progress(self, done: Collection[int]) -> None:
        """Stores in the rows how far new versions are evaluated; `done` are the offsets of
        definitions below which each shard is. Raises Unavailable."""
        updates = []
        for key, offset in self._backfilling.items():
            shards = sum(offset < own for own in done)
            updates.append(_progress(key, {"progress": {"done": shards, "total": len(done)}}))
            if shards == len(done):
                updates.append(_progress(key, {"status": ACTIVE}))
        if updates:
            with reachable():
                self._collection.bulk_write(updates)
        lowest = min(done)
        self._backfilling = {k: at for k, at in self._backfilling.items() if at >= lowest}

    def _updates(self, organization: str, name: str) -> Iterator[UpdateOne]:
        segment = self.definitions.segment(organization, name)
        assert segment is not None
        for version in segment.versions:
            key = _key(organization, name, version.number)
            fixed: dict[str, Any] = {
                "organization_id": organization,
                "segment_id": name,
                "version": version.number,
                "name": version.name,
                "filters": version.filters,
                "resolved": version.resolved,
                "hash": version.hash,
                "defined_at": moment_at(version.defined_ms),
            }
            status = _status(segment, version.number)
            if status is None:
                fixed["status"] = BACKFILLING
            changed = {"$set": {"status": status}} if status else {}
            yield UpdateOne({"_id": key}, {"$setOnInsert": fixed} | changed, upsert=True)


def _key(organization: str, segment: str, version: int) -> str:
    return ":".join(map(encode_part, (organization, segment, str(version))))


def _progress(key: str, fields: dict[str, Any]) -> UpdateOne:
    return UpdateOne({"_id": key, "status": BACKFILLING}, {"$set": fields})


def _status(segment: Segment, version: int) -> str | None:
    """What the definitions say; None for a version in force."""
    if version < segment.versions[-1].number:
        return SUPERSEDED
    return RETIRED if segment.is_retired else None
