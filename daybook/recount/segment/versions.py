"""Compares the documents of segments' versions, and the numbers of their members."""

from collections.abc import Iterator
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from daybook.recount.compare.documents import ABSENT
from daybook.recount.moment import moment_at
from daybook.recount.recounted import Document
from daybook.recount.segment.compare import Finding
from daybook.recount.segment.definitions import Version
from daybook.recount.segment.session import SegmentRecount, Snapshot

SEGMENTS = "audience_segments"
BACKFILLING, ACTIVE, SUPERSEDED, RETIRED = "backfilling", "active", "superseded", "retired"
COUNTED_EVERY_MS = 31_000
"""Members are counted every 30 seconds, so a stored number may be that of any moment since."""
_WAIT_SECONDS = 40.0
_PAUSE_SECONDS = 1.0


def version_findings(recount: SegmentRecount) -> Iterator[Finding]:
    """What differs in the versions' documents. While members run, it waits for those that are
    being written."""
    deadline = monotonic() + _WAIT_SECONDS
    while True:
        snapshot = recount.versions()
        found = list(_differing(recount, snapshot))
        if not found or monotonic() > deadline or not recount.has_members():
            yield from found
            return
        sleep(_PAUSE_SECONDS)


def _differing(recount: SegmentRecount, snapshot: Snapshot) -> Iterator[Finding]:
    done = [clock.done for clock in snapshot.clocks.values()]
    known = set()
    for version in snapshot.definitions.versions:
        known.add(version.id)
        found = snapshot.versions.get(version.id)
        if version.offset >= min(done):
            reason = "not evaluated for everybody yet"
            yield Finding(SEGMENTS, version.id, "status", ABSENT, BACKFILLING, "", reason)
            continue
        if found is None:
            yield Finding(SEGMENTS, version.id, "name", ABSENT, version.name, "")
            continue
        for name, value in _expected(version, min(done)).items():
            if found.get(name, ABSENT) != value:
                yield Finding(SEGMENTS, version.id, name, found.get(name, ABSENT), value, "")
        yield from _members(recount, snapshot, version, found)
    for name in snapshot.versions.keys() - known:
        yield Finding(SEGMENTS, name, "name", snapshot.versions[name].get("name"), ABSENT, "")


def _expected(version: Version, done: int) -> dict[str, Any]:
    status = ACTIVE
    if version.ended is not None:
        status = RETIRED if version.is_retired else SUPERSEDED
    defined_at: datetime = moment_at(version.defined_ms)
    return {
        "organization_id": version.organization,
        "segment_id": version.segment,
        "version": version.number,
        "name": version.name,
        "filters": version.filters,
        "resolved": version.resolved,
        "hash": version.hash,
        "defined_at": defined_at,
        "status": status,
    }


def _members(
    recount: SegmentRecount, snapshot: Snapshot, version: Version, found: Document
) -> Iterator[Finding]:
    members = recount.count_members(version)
    since = snapshot.clocks[0].round - COUNTED_EVERY_MS
    entered, left = recount.replay.told_since(version, since)
    value = found.get("members", ABSENT)
    if value is ABSENT and version.defined_ms >= since:
        return
    if not isinstance(value, int) or not members - entered <= value <= members + left:
        yield Finding(SEGMENTS, version.id, "members", value, members, "")
