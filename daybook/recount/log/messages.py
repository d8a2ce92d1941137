"""Parses the log's raw messages into columns for SQL, with Python's own json and no validation."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from daybook.recount.log.encoding import encode

Columns = dict[str, list[Any]]
Unreadable = tuple[int, int, str]
"""Partition and offset of a message that is no event, and the error."""

COLUMNS = {
    "partition": "INTEGER",
    "offset": "BIGINT",
    "epoch": "INTEGER",
    "appended_ms": "BIGINT",
    "message_key": "VARCHAR",
    "event_id": "VARCHAR",
    "event_type": "VARCHAR",
    "occurred_at": "VARCHAR",
    "organization_id": "VARCHAR",
    "data": "JSON",
}
"""The columns kept of a message, with DuckDB's types; columns cost half as much as rows."""

_REPLAY_GROUP = "daybook-group"
_SPACE = " \t\n\r"
_decoder = json.JSONDecoder()


class RawMessage(Protocol):
    """A message of the log: the part of `confluent_kafka.Message` that is used here."""

    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...
    def timestamp(self) -> tuple[int, int]: ...
    def key(self) -> Any: ...
    def value(self) -> Any: ...
    def headers(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What the fleet has recorded about positions of the log.

    `dead`: per partition, the offsets of the group's dead letters. `boundaries`: for each time
    that partitions were added, the ends of the existing ones at that moment.
    """

    dead: Mapping[int, frozenset[int]] = field(default_factory=dict)
    boundaries: tuple[Mapping[int, int], ...] = ()

    def epoch(self, partition: int, offset: int) -> int:
        """How often partitions had been added when the message at this position was written."""
        return sum(offset >= ends.get(partition, 0) for ends in self.boundaries)


Raw = tuple[int, int, int, int, bytes | None, bytes]
"""A message: partition, offset, epoch, append time (ms), key and value."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages to be parsed: events of some types, and some fields of `data`. `read`: the number of
    those that were read, wanted or not."""

    event_types: frozenset[str]
    data_fields: tuple[str, ...]
    messages: list[Raw]
    read: int


class Rows(NamedTuple):
    """Columns as JSON, and the number of their rows."""

    text: str
    number: int


class Parsed(NamedTuple):
    """What a batch gives. `read`: as in Batch."""

    rows: Rows
    unreadable: list[Unreadable]
    read: int


class LogReader:
    """Reads a log's messages for one group: events of some types, and some fields of `data`."""

    def __init__(self, group: str, event_types: Iterable[str], data_fields: Iterable[str]) -> None:
        self._group = group.encode()
        self._event_types = frozenset(event_types)
        self._data_fields = tuple(data_fields)
        self.unreadable: list[Unreadable] = []
        """Those among the messages read so far that are no events."""

    def batch(self, messages: Sequence[RawMessage], facts: Facts) -> Batch:
        """The messages without tombstones, dead letters and replays for other groups."""
        raw: list[Raw] = []
        for message in messages:
            value = message.value()
            if value is None:
                continue
            partition, offset = message.partition() or 0, message.offset() or 0
            if offset in facts.dead.get(partition, ()):
                continue
            headers = message.headers()
            if headers and dict(headers).get(_REPLAY_GROUP, self._group) != self._group:
                continue
            epoch = facts.epoch(partition, offset) if facts.boundaries else 0
            raw.append((partition, offset, epoch, message.timestamp()[1], message.key(), value))
        return Batch(self._event_types, self._data_fields, raw, len(messages))

    def read(self, messages: Sequence[RawMessage], facts: Facts) -> Columns:
        """The columns of the events of these types."""
        columns, unreadable = parse(self.batch(messages, facts))
        self.unreadable += unreadable
        return columns


def encoded(columns: Columns) -> Rows:
    """The columns in the form that a replay takes."""
    return Rows(encode(columns), len(columns["offset"]))


def parse_and_encode(batch: Batch) -> Parsed:
    """For another process: texts are passed on faster than columns of values."""
    columns, unreadable = parse(batch)
    return Parsed(encoded(columns), unreadable, batch.read)


def parse(batch: Batch) -> tuple[Columns, list[Unreadable]]:
    """The columns of the batch's events, and the messages that are no events."""
    rows: list[tuple[Any, ...]] = []
    unreadable: list[Unreadable] = []
    wanted = frozenset(batch.data_fields)
    for partition, offset, epoch, appended_ms, key, value in batch.messages:
        try:
            event = _object(value)
        except (ValueError, RecursionError) as error:
            unreadable.append((partition, offset, f"not an event: {str(error)[:100]}"))
            continue
        if event["event_type"] not in batch.event_types:
            continue
        data = event.get("data")
        if not isinstance(data, dict):
            data = {}
        elif not data.keys() <= wanted:
            data = {name: data[name] for name in batch.data_fields if name in data}
        row = (
            partition,
            offset,
            epoch,
            appended_ms,
            (key or b"").decode(errors="replace"),
            event.get("event_id"),
            event["event_type"],
            event.get("occurred_at"),
            event.get("organization_id"),
            data,
        )
        rows.append(row)
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    return {name: list(cells) for name, cells in zip(COLUMNS, columns, strict=True)}, unreadable


def _object(value: bytes) -> dict[str, Any]:
    """Parses an event; of equal keys, the last wins. Raises ValueError and RecursionError."""
    text = value.decode()
    if text[:1] in _SPACE:
        text = text.strip(_SPACE)
    event, end = _decoder.raw_decode(text)
    if end < len(text) and text[end:].strip(_SPACE):
        raise ValueError("trailing data after the object")
    if not isinstance(event, dict) or not isinstance(event.get("event_type"), str):
        raise ValueError("not an object with an event_type")
    if b"\\u" in value:
        json.dumps(event, ensure_ascii=False).encode()  # half a surrogate pair is no text
    return event
