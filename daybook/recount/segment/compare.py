"""Compares what is stored of segments with what the log says."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from daybook.recount.compare.documents import ABSENT
from daybook.recount.replay.rows import streamed
from daybook.recount.segment.replay import SegmentReplay

PROFILES, ROWS = "segment_profiles", "segment_members"
CHANGES = "segment-changes"

_ORDER = "which of so many facts are kept depends on the order in which the topics were read"
_KNOWN = ("version", "in", "since", "until", "number")


class Finding(NamedTuple):
    """A field of a document that is not what the log says.

    `person` is the `_id` of the profile that it belongs to. `doubt`: why it may be right
    nevertheless.
    """

    collection: str
    document: str
    field: str
    stored: Any
    recounted: Any
    person: str
    doubt: str | None = None


def findings(replay: SegmentReplay) -> Iterator[Finding]:
    """Everything about people that differs."""
    replay.prepare()
    yield from _profiles(replay)
    yield from _rows(replay)
    yield from _known(replay)
    yield from _told(replay)
    yield from _ended(replay)


def _value(text: str | None) -> Any:
    return ABSENT if text is None else json.loads(text)


def _profiles(replay: SegmentReplay) -> Iterator[Finding]:
    for person, expected, facts, own_shard, shard, is_cut in streamed(replay.db, _PROFILES):
        doubt = _ORDER if is_cut else None
        if expected is None:
            yield _whole(person, _first_seen(facts), ABSENT)
        elif facts is None:
            yield _whole(person, ABSENT, _first_seen(expected))
        else:
            found = json.loads(facts)
            for name, value in json.loads(expected).items():
                stored = found.get(name, ABSENT)
                if stored != value:
                    yield Finding(PROFILES, person, name, stored, value, person, doubt)
            if shard != str(own_shard):
                yield Finding(PROFILES, person, "shard", _value(shard), own_shard, person)


def _whole(person: str, stored: Any, recounted: Any) -> Finding:
    """One field stands for a profile that is absent, or that the log does not explain."""
    return Finding(PROFILES, person, "first_seen", stored, recounted, person)


def _first_seen(facts: str) -> Any:
    return json.loads(facts).get("first_seen")


_PROFILES = """
    SELECT coalesce(e.person, s.person), e.facts, s.facts, own_shard, shard, is_cut
    FROM main.expected_profiles AS e FULL JOIN main.stored_profiles AS s ON s.person = e.person
    WHERE e.facts IS DISTINCT FROM s.facts OR shard IS DISTINCT FROM CAST(own_shard AS VARCHAR)
"""


def _rows(replay: SegmentReplay) -> Iterator[Finding]:
    for person, document, *rest, is_cut in streamed(replay.db, _ROWS):
        doubt = _ORDER if is_cut else None
        whose, own, expected, stored = rest[0], rest[1], rest[2:7], rest[7:]
        if stored[0] is None:
            wanted = _named(expected)
            yield Finding(ROWS, document, "in", ABSENT, wanted["in"], person, doubt)
        elif expected[0] is None:
            yield Finding(ROWS, document, "in", _value(stored[1]), ABSENT, person, doubt)
        else:
            if whose != own:
                found, wanted = json.loads(whose), json.loads(own)
                for name, value in wanted.items():
                    if found.get(name) != value:
                        yield Finding(ROWS, document, name, found.get(name), value, person)
            yield from _fields(ROWS, document, "", person, stored, expected, doubt)


def _fields(
    collection: str,
    document: str,
    prefix: str,
    person: str,
    stored: Sequence[str | None],
    expected: Sequence[str | None],
    doubt: str | None,
) -> Iterator[Finding]:
    for name, found, wanted in zip(_KNOWN, stored, expected, strict=True):
        if found != wanted:
            yield Finding(
                collection, document, prefix + name, _value(found), _value(wanted), person, doubt
            )


def _named(values: Sequence[str | None]) -> dict[str, Any]:
    return dict(zip(_KNOWN, map(_value, values), strict=True))


_ROWS = """
    SELECT
        coalesce(e.person, s.person) AS person,
        coalesce(s.id, e.version_id || substring(e.person, instr(e.person, ':'))) AS document,
        whose,
        '{"organization_id":' || to_json(url_decode(split_part(e.person, ':', 1)))
            || ',"person":' || to_json(
                split_part(e.person, ':', 2) || ':' || url_decode(split_part(e.person, ':', 3))
            )
            || ',"segment_id":' || to_json(e.segment) || ',"shard":' || shard
            || ',"version":' || e.version || '}' AS own,
        e.version, e.is_in, e.since, e.until, CAST(coalesce(t.number, 0) AS VARCHAR) AS number,
        s.version, s.is_in, s.since, s.until, s.number,
        coalesce(p.is_cut, false)
    FROM main.expected_known AS e
    FULL JOIN main.standing_rows AS s ON s.person = e.person AND s.version_id = e.version_id
    LEFT JOIN main.as_of AS a ON a.person = e.person
    LEFT JOIN main.last_told AS t ON t.person = e.person AND t.segment = e.segment
    LEFT JOIN main.expected_profiles AS p ON p.person = e.person
    WHERE e.person IS NULL OR s.person IS NULL OR whose <> own OR s.version <> e.version
        OR s.is_in <> e.is_in OR s.since <> e.since OR s.until <> e.until
        OR s.number <> CAST(coalesce(t.number, 0) AS VARCHAR)
"""


def _known(replay: SegmentReplay) -> Iterator[Finding]:
    for person, segment, *rest, is_cut in streamed(replay.db, _SEGMENTS):
        expected, stored = rest[:5], rest[5:]
        doubt = _ORDER if is_cut else None
        field = f"segments.{segment}"
        if stored[0] is None:
            wanted = _named(expected)
            yield Finding(PROFILES, person, field, ABSENT, wanted, person, doubt)
        else:
            yield from _fields(PROFILES, person, f"{field}.", person, stored, expected, doubt)


# Nobody who was never a member knows of a segment; who was one once may know of it without a run.
_SEGMENTS = """
    WITH standing AS (
        SELECT s.* FROM main.stored_segments AS s
        JOIN main.as_of AS a USING (person)
        JOIN main.versions AS v
            ON v.segment = s.segment AND split_part(v.id, ':', 1) = split_part(s.person, ':', 1)
            AND v."offset" < done AND ended IS NULL
    )
    SELECT
        coalesce(e.person, s.person), coalesce(e.segment, s.segment),
        e.version, e.is_in, e.since, e.until, CAST(coalesce(t.number, 0) AS VARCHAR) AS number,
        s.version, s.is_in, s.since, s.until, s.number,
        coalesce(p.is_cut, false)
    FROM main.expected_known AS e
    FULL JOIN standing AS s ON s.person = e.person AND s.segment = e.segment
    LEFT JOIN main.last_told AS t
        ON t.person = coalesce(e.person, s.person) AND t.segment = coalesce(e.segment, s.segment)
    LEFT JOIN main.expected_profiles AS p ON p.person = coalesce(e.person, s.person)
    WHERE s.person IS NULL OR s.number <> CAST(coalesce(t.number, 0) AS VARCHAR)
        OR coalesce(e.version, s.version) <> s.version
        OR coalesce(e.is_in, 'false') <> s.is_in
        OR coalesce(e.since, 'null') <> s.since
        OR coalesce(e.until, 'null') <> s.until
"""


def _told(replay: SegmentReplay) -> Iterator[Finding]:
    """Changes that are out of turn, or say something else than the profile does."""
    for person, segment, field, stored, recounted in streamed(replay.db, _TOLD):
        yield Finding(CHANGES, f"{person} {segment}", field, stored, recounted, person)


_TOLD = """
    SELECT person, segment, 'number', CAST(number AS VARCHAR), CAST(nth AS VARCHAR)
    FROM main.told WHERE number IS DISTINCT FROM nth
    UNION ALL
    SELECT person, segment, 'event_type',
        if(is_entered, 'segment.entered', 'segment.left'),
        if(is_entered, 'segment.left', 'segment.entered')
    FROM main.told WHERE number = nth AND is_entered <> (number % 2 = 1)
    UNION ALL
    SELECT person, segment, 'occurred_at', CAST(ms AS VARCHAR), 'at most ' || t
    FROM main.told JOIN main.as_of USING (person) WHERE ms > t
    UNION ALL
    SELECT t.person, t.segment, 'event_type of the last',
        if(t.is_in, 'segment.entered', 'segment.left'),
        if(s.is_in = 'true', 'segment.entered', 'segment.left')
    FROM main.last_told AS t LEFT JOIN main.stored_segments AS s USING (person, segment)
    WHERE t.is_in <> (coalesce(s.is_in, 'false') = 'true')
"""


def _ended(replay: SegmentReplay) -> Iterator[Finding]:
    """Rows of versions that have ended, which stand as they were evaluated last."""
    for person, document, is_known, *values in streamed(replay.db, _ENDED):
        told, stored = values[:4], values[4:]
        if stored[0] is None:
            yield Finding(ROWS, document, "in", ABSENT, _value(told[0]), person)
            continue
        for name, found, wanted in zip(_KNOWN[1:], stored, told, strict=True):
            if found != wanted:
                # What a late event corrects is not published.
                is_sure = is_known or (name in ("in", "number") and wanted is not None)
                doubt = None if is_sure else _EARLIER
                yield Finding(ROWS, document, name, _value(found), _value(wanted), person, doubt)


_EARLIER = "the version has ended, and its rows stand as the facts were then"
_ENDED = """
    SELECT
        person, document, is_known,
        if(told_in, 'true', if(told_in IS NULL, NULL, 'false')), CAST(told_since AS VARCHAR),
        if(told_in IS NULL, NULL, coalesce(CAST(told_until AS VARCHAR), 'null')),
        CAST(told_number AS VARCHAR),
        is_in, since, until, number
    FROM main.wrong_ended_rows
"""
