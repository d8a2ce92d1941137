"""The recount of a fleet in memory: its logs, its profiles and rows, and what it published."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from daybook.engine.documents.fields import Event
from daybook.recount.log.messages import Facts, LogReader, encoded
from daybook.recount.replay.tables import Tables
from daybook.recount.segment import stored
from daybook.recount.segment.compare import Finding, findings
from daybook.recount.segment.definitions import Definitions, Version
from daybook.recount.segment.group import SEGMENT
from daybook.recount.segment.log import PLACES_AT_MOST
from daybook.recount.segment.replay import SegmentReplay
from daybook.recount.segment.stored import Clock
from daybook.recount.settings import Settings
from daybook.segments.change_event import change_event
from daybook.segments.stage.profiles import person_of
from tests.segments.stage.fleet import SHARDS, Fleet
from tests.segments.stage.test_histories import SEGMENTS
from tests.support.log import LogMessage
from tests.support.recounting import Written

SOURCES = (*SEGMENT.sources, SEGMENT.changes)


@contextmanager
def recounting() -> Iterator[SegmentReplay]:
    tables = Tables(1_024)
    try:
        yield SegmentReplay(tables, Settings(), lambda what, done, total: None)
    finally:
        tables.close()


def compared(fleet: Fleet, replay: SegmentReplay) -> list[Finding]:
    """What differs from the fleet's logs, all of which its shards hold."""
    reach = {}
    for number, source in enumerate(SOURCES):
        reader = LogReader(SEGMENT.name, source.event_types, source.data_fields)
        for (topic, partition), messages in logs(fleet).items():
            if topic == source.topic:
                place = number * PLACES_AT_MOST + partition
                written = [Written(place, m.at, m.arrived_ms, m.named, m.raw) for m in messages]
                replay.log.add(encoded(reader.read(written, Facts())))
                if source is not SEGMENT.changes:
                    reach[place] = len(messages)
    stored.fill_profiles(replay.tables, fleet.profiles.profiles.values(), replay.report_progress)
    stored.fill_rows(replay.tables, fleet.profiles.rows.values(), replay.report_progress)
    clocks = {shard: Clock(fleet.clock, 0, fleet.backfills[shard].done, {}) for shard in SHARDS}
    replay.recount(reach, clocks, versions(fleet))
    return list(findings(replay))


def logs(fleet: Fleet) -> dict[tuple[str, int], list[LogMessage]]:
    found = {place: lane.log for place, lane in fleet.lanes.items()}
    changes = [
        json.dumps(change_event(change, *person_of(change["profile"]))) for change in fleet.told
    ]
    found[SEGMENT.changes.topic, 0] = [
        LogMessage(offset, text.encode(), b"", 0) for offset, text in enumerate(changes)
    ]
    return found


def versions(fleet: Fleet) -> list[Version]:
    """All versions of the fleet's segments; those of the beginning are below offset 0."""
    found = Definitions()
    events: list[Event] = [
        {
            "event_type": "segment.defined",
            "data": {"segment_id": n, "version": 1, "name": n} | {"filters": f},
        }
        for n, f in SEGMENTS.items()
    ]
    events += fleet.defined
    first = len(events) - len(fleet.defined)
    found.take(
        {
            "offset": [number - first for number in range(len(events))],
            "appended_ms": [0] * len(events),
            "event_type": [event["event_type"] for event in events],
            "organization_id": [None] * len(events),
            "data": [event["data"] for event in events],
        }
    )
    assert not found.unreadable
    return found.versions


def people_of(
    *happened: tuple[str, str, dict[str, Any]], organizations: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """The facts of everybody: of events with type, time of the 2nd of March 2026, and data, each of
    the organization at its place, or of the default one."""
    written: dict[int, list[Written]] = {}
    for number, (event_type, at, data) in enumerate(happened):
        topic = {"user": 0, "order": 1}.get(event_type.partition(".")[0], 2)
        key = data[("user_id", "order_id", "visitor_id")[topic]]
        event = {
            "event_id": f"00000000-0000-0000-0000-{number:012x}",
            "event_type": event_type,
            "occurred_at": f"2026-03-02T{at}:00Z",
            "organization_id": organizations[number] if organizations else "default",
            "data": data,
        }
        own = written.setdefault(topic, [])
        raw = json.dumps(event).encode()
        own.append(Written(topic * PLACES_AT_MOST, len(own), 1_780_000_000_000, key.encode(), raw))
    with recounting() as replay:
        for topic, messages in written.items():
            source = SOURCES[topic]
            reader = LogReader(SEGMENT.name, source.event_types, source.data_fields)
            replay.log.add(encoded(reader.read(messages, Facts())))
        reach = {topic * PLACES_AT_MOST: len(messages) for topic, messages in written.items()}
        replay.recount(reach, {shard: Clock(0, 0, 0, {}) for shard in SHARDS}, [])
        assert replay.unreadable() == []
        found = replay.tables.rows("SELECT person, facts FROM main.expected_profiles")
        return {person: json.loads(facts) for person, facts in found}
