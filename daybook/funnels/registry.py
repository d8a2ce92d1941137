"""All published definitions: which one applies when, and the rows in which they are stored."""

from bisect import bisect_right, insort
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import bson

from daybook.engine.decode.duplicate_window import own_id
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.rows import Row
from daybook.engine.documents.source import Definition
from daybook.engine.moment import parse_moment
from daybook.engine.partition import Partition
from models.definitions import Experiments, Funnels, TicketedEvents
from schemas.envelope import organization_of

WINDOW_SECONDS = 14 * 24 * 3600
VERSIONS_MAX = 100
"""A funnel's row has its newest versions; `truncated` counts the older ones."""
VERSIONS_BYTES_MAX = 1_000_000
"""All versions in a row together. One is at most 70 kB (`DEFINITION_BYTES_MAX` in
`schemas/funnel.py`), and the row has the newest once more: it stays below 1.2 MB."""
_STATUS = {
    "ab_test.started": "running",
    "ab_test.completed": "completed",
    "ab_test.stopped": "stopped",
}

Name = tuple[str, str]
"""Organization, and the id of a funnel, a test or a ticketed event."""


class _Rules(NamedTuple):
    """A definition's rules and reference, in the order in which definitions come into force."""

    appended_ms: int
    offset: int
    number: int
    """Of two at one place, which only another incarnation of the topic can have, the first wins."""
    reference: str
    rules: dict[str, Any]


@dataclass(slots=True)
class _Funnel:
    """A funnel's history: all rules, because old events may need them, and the newest versions."""

    rules: list[_Rules] = field(default_factory=list)
    versions: deque[tuple[int, dict[str, Any]]] = field(default_factory=deque)
    """The newest versions, each with its size in bytes."""
    versions_bytes: int = 0
    truncated: int = 0
    is_archived: bool = False

    def take(self, definition: Definition) -> None:
        if definition.event["event_type"] == "funnel.archived":
            self.is_archived = True
            return
        place = definition.appended_ms, definition.offset, -len(self.rules)
        rules = _Rules(*place, definition.reference, _rules(definition.event))
        version = _version(definition)
        size = len(bson.encode(version))
        self.is_archived = False
        insort(self.rules, rules)
        self.versions.append((size, version))
        self.versions_bytes += size
        while len(self.versions) > VERSIONS_MAX or self.versions_bytes > VERSIONS_BYTES_MAX:
            self.versions_bytes -= self.versions.popleft()[0]
            self.truncated += 1

    def row(self, name: Name) -> Row:
        """The newest definition, and the newest versions; archived if that was the last event."""
        values = _named(name, "funnel_id") | {"published": bool(self.versions)}
        values["status"] = "archived" if self.is_archived else "published"
        values["versions"] = [version for _, version in self.versions]
        values["truncated"] = self.truncated
        newest = self.versions[-1][1] if self.versions else {"name": None, "steps": []}
        return Row(
            Funnels.collection,
            _id(name),
            values | {n: v for n, v in newest.items() if n != "appended_at"},
        )


@dataclass(slots=True)
class _Test:
    """When a test was first started, and its newest event."""

    started_at: datetime | None = None

    def row(self, name: Name, event: Event) -> Row:
        data, kind = event["data"], event["event_type"]
        occurred_at = _moment(event["occurred_at"])
        if kind == "ab_test.started" and self.started_at is None:
            self.started_at = occurred_at
        values = _named(name, "test_id") | {
            "funnel_id": data["funnel_id"],
            "name": data["name"],
            "status": _STATUS[kind],
            "started_at": self.started_at,
            "completed_at": None if kind == "ab_test.started" else occurred_at,
            "winner_variant_id": data.get("winner_variant_id"),
            "variants": data["variants"],
        }
        return Row(Experiments.collection, _id(name), values)


@dataclass(slots=True)
class _TicketedEvent:
    """What was published last about a ticketed event."""

    published: dict[str, Any] = field(default_factory=dict)

    def row(self, name: Name, event: Event) -> Row:
        is_cancelled = event["event_type"] == "event.cancelled"
        if not is_cancelled:
            data = event["data"]
            starts_at = data.get("starts_at")
            self.published = {
                "name": data["name"],
                "starts_at": starts_at and _moment(starts_at),
                "capacity": data.get("capacity"),
            }
        values = _named(name, "event_id") | {
            "name": self.published.get("name"),
            "starts_at": self.published.get("starts_at"),
            "capacity": self.published.get("capacity"),
            "status": "cancelled" if is_cancelled else "published",
        }
        return Row(TicketedEvents.collection, _id(name), values)


class Registry:
    """A member's definitions, in the order in which `Definitions` reads them.

    It grows with the topics of definitions, which services write, never visitors: 0.2 kB for each
    message, and for each version of a funnel the ids of its steps, at most 64 kB.
    """

    def __init__(self) -> None:
        self._funnels: dict[Name, _Funnel] = {}
        self._tests: dict[Name, _Test] = {}
        self._events: dict[Name, _TicketedEvent] = {}
        self._unpublished_rows: set[Name] = set()
        self._ids: set[tuple[Partition, str, bytes]] = set()

    def take(self, definition: Definition) -> Row | None:
        """Adds a definition; returns the row to store, or None for a producer's duplicate.

        If it raises, it has added nothing.
        """
        event = definition.event
        organization, data = organization_of(event), event["data"]
        kind = event["event_type"]
        place = definition.partition, kind, own_id(event)
        if place in self._ids:
            return None
        if kind.startswith("funnel."):
            name = organization, data["funnel_id"]
            funnel = self._funnels.get(name) or _Funnel()
            funnel.take(definition)
            row = funnel.row(name)
            self._funnels[name] = funnel
        elif kind.startswith("ab_test."):
            name = organization, data["test_id"]
            row = self._tests.setdefault(name, _Test()).row(name, event)
        else:
            name = organization, data["event_id"]
            row = self._events.setdefault(name, _TicketedEvent()).row(name, event)
        self._ids.add(place)
        return row._replace(last=definition.offset)

    def in_force(
        self, organization: str, funnel: str, appended_ms: int
    ) -> tuple[str, dict[str, Any]] | None:
        """The newest definition appended at or before this time: its reference and its rules."""
        known = self._funnels.get((organization, funnel))
        if known is None:
            return None
        end = bisect_right(known.rules, appended_ms, key=lambda rules: rules.appended_ms)
        if end == 0:
            return None
        newest = known.rules[end - 1]
        return newest.reference, newest.rules

    def unpublished(self, organization: str, funnel: str) -> Row | None:
        """A row for a funnel that only occurs in traffic; None if it is defined, or its row was
        already returned."""
        name = organization, funnel
        if name in self._unpublished_rows or name in self._funnels:
            return None
        self._unpublished_rows.add(name)
        values = _named(name, "funnel_id") | {
            "name": None,
            "status": "unpublished",
            "published": False,
            "steps": [],
        }
        return Row(Funnels.collection, _id(name), values, last=-1)


def _rules(event: Event) -> dict[str, Any]:
    data = event["data"]
    steps = [
        {"step_id": step["step_id"], "optional": step.get("optional", False)}
        for step in data["steps"]
    ]
    return {
        "steps": steps,
        "order": data.get("order", "ordered"),
        "exclusions": list(data.get("exclusions", [])),
        "window_ms": data.get("window_seconds", WINDOW_SECONDS) * 1000,
    }


def _version(definition: Definition) -> dict[str, Any]:
    data = definition.event["data"]
    steps = [
        {
            "step_id": step["step_id"],
            "name": step["name"],
            "type": step["type"],
            "position": position,
            "optional": step.get("optional", False),
        }
        for position, step in enumerate(data["steps"], 1)
    ]
    return {
        "name": data["name"],
        "steps": steps,
        "order": data.get("order", "ordered"),
        "exclusions": list(data.get("exclusions", [])),
        "window_seconds": data.get("window_seconds", WINDOW_SECONDS),
        "revenue_basis": data.get("revenue_basis"),
        "appended_at": datetime.fromtimestamp(definition.appended_ms / 1000, UTC),
    }


def _moment(text: str) -> datetime:
    return parse_moment(text).astimezone(UTC)


def _named(name: Name, field: str) -> dict[str, Any]:
    return {"organization_id": name[0], field: name[1]}


def _id(name: Name) -> str:
    return ":".join(map(encode_part, name))
