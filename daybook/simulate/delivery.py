"""Turns happenings into messages as they arrive: late, duplicated, reordered, by wrong clocks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from daybook.simulate.dice import Dice, Table
from daybook.simulate.message import DEFINITIONS, TRACKING, Data, Happening, Message
from daybook.simulate.plan import DAY_MS
from schemas.catalogue import source

DUPLICATE_CHANCE = 0.01
_BATCHED_MS = 20_000
_HOUR_MS = 3_600_000
_QUARTER_MS = _HOUR_MS // 4
_MINUTE_MS = 60_000
_UUID_CHARS = 36

_SOON, _BATCHED, _OFFLINE, _DAYS_LATER = "soon", "batched", "offline", "days later"
_WAYS = Table([(_SOON, 880), (_BATCHED, 100), (_OFFLINE, 15), (_DAYS_LATER, 5)])
_ABROAD = timezone(timedelta(hours=5, minutes=30))


def deliver(dice: Dice, happening: Happening) -> Iterator[Message]:
    """The message of a happening, and sometimes a duplicate of it."""
    arrival_ms = happening.at_ms + (_delay_ms(dice) if happening.by_browser else 5)
    event = _event(dice, happening, arrival_ms)
    key = source(happening.topic).key_of(event)
    yield Message(arrival_ms, happening.topic, key, event)
    if happening.topic not in DEFINITIONS and dice.chance(DUPLICATE_CHANCE):
        again_ms = arrival_ms + dice.randint(0, 60_000)
        if dice.chance(0.2) and len(event["event_id"]) == _UUID_CHARS:
            event = event | {"event_id": event["event_id"].upper()}
        yield Message(again_ms, happening.topic, key, event)


def _delay_ms(dice: Dice) -> int:
    way = dice.pick(_WAYS)
    if way == _SOON:
        return dice.randint(5, 300)
    if way == _BATCHED:
        return dice.randint(300, _BATCHED_MS)
    if way == _OFFLINE:
        return dice.randint(_BATCHED_MS, 6 * _HOUR_MS)
    return dice.randint(6 * _HOUR_MS, 2 * DAY_MS)


def _event(dice: Dice, happening: Happening, arrival_ms: int) -> Data:
    data = happening.data
    if happening.topic == TRACKING and "context" in data:
        received = {"received_at": _moment(arrival_ms)}
        data = data | {"context": data["context"] | received}
    uuid = dice.uuid()
    event: Data = {
        "event_id": _id(uuid),
        "event_type": happening.kind,
        "occurred_at": _timestamp(dice, happening.at_ms + happening.skew_ms),
        "schema_version": 2 if uuid.endswith("0") else 1,
        "data": data,
    }
    if happening.organization is not None:
        event["organization_id"] = happening.organization
    elif dice.chance(0.1):
        event["organization_id"] = "default"
    return event


def _timestamp(dice: Dice, ms: int) -> str:
    """Mostly UTC with milliseconds; sometimes with more digits or none, in small letters, in
    another zone, or as a leap second."""
    way = dice.random()
    if way < 0.92:
        return _leap_second(ms) or _moment(ms)
    if way < 0.95:
        return f"{_moment(ms)[:-1]}{dice.randrange(1000):03d}Z"
    if way < 0.96:
        return f"{_moment(ms)[:19]}Z"
    if way < 0.97:
        return f"{_moment(ms)[:19]}z".lower()
    if way < 0.98:
        return f"{_moment(ms)[:-1]}{int(way * 10**12)}Z"
    return _at(ms).astimezone(_ABROAD).isoformat(timespec="milliseconds")


def _leap_second(ms: int) -> str | None:
    """The time as second 60 of the minute before it, if it is the first of a quarter of an hour."""
    if ms % _QUARTER_MS >= 1_000:
        return None
    return f"{_moment(ms - _MINUTE_MS)[:17]}60.{ms % 1000:03d}Z"


def _id(uuid: str) -> str:
    """Three in 32 are no UUIDs: ULIDs, and texts of words."""
    match uuid[0]:
        case "e":
            return f"01J{uuid.replace('-', '')[:23].upper()}"
        case "f" if uuid[1] < "8":
            return f"Zählung {uuid[24:]}"
    return uuid


def _moment(ms: int) -> str:
    return _at(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC) + timedelta(milliseconds=ms % 1000)
