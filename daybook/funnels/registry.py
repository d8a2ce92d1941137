"""All published definitions: which one applies when, and the rows in which they are stored."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from daybook.engine.decode.duplicate_window import own_id
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.rows import Row
from daybook.engine.documents.source import Definition
from daybook.engine.partition import Partition
from schemas.envelope import organization_of

WINDOW_SECONDS = 14 * 24 * 3600
_STATUS = {
    "ab_test.started": "running",
    "ab_test.completed": "completed",
    "ab_test.stopped": "stopped",
}

Name = tuple[str, str]
"""Organization, and the id of a funnel, a test or a ticketed event."""


class Registry:
    """A member's definitions, in the order in which `Definitions` reads them."""

    def __init__(self) -> None:
        self._funnels: dict[Name, list[Definition]] = {}
        self._tests: dict[Name, list[Definition]] = {}
        self._events: dict[Name, list[Definition]] = {}
        self._unpublished_rows: set[Name] = set()
        self._ids: set[tuple[Partition, str, bytes]] = set()

    def take(self, definition: Definition) -> Row | None:
        """Adds a definition; returns the row to store, or None for a producer's duplicate."""
        event = definition.event
        organization, data = organization_of(event), event["data"]
        kind = event["event_type"]
        place = definition.partition, kind, own_id(event)
        if place in self._ids:
            return None
        self._ids.add(place)
        if kind.startswith("funnel."):
            histories, name = self._funnels, (organization, data["funnel_id"])
            row = _funnel_row
        elif kind.startswith("ab_test."):
            histories, name = self._tests, (organization, data["test_id"])
            row = _test_row
        else:
            histories, name = self._events, (organization, data["event_id"])
            row = _event_row
        histories.setdefault(name, []).append(definition)
        return row(name, histories[name])._replace(last=definition.offset)

    def in_force(
        self, organization: str, funnel: str, appended_ms: int
    ) -> tuple[str, dict[str, Any]] | None:
        """The newest definition appended at or before this time: its reference and its rules."""
        known = [
            d
            for d in self._funnels.get((organization, funnel), ())
            if d.event["event_type"] == "funnel.published" and d.appended_ms <= appended_ms
        ]
        if not known:
            return None
        newest = max(known, key=lambda d: (d.appended_ms, d.offset))
        return newest.reference, _rules(newest.event)

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
        return Row("funnels", _id(name), values, last=-1)


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


def _funnel_row(name: Name, history: list[Definition]) -> Row:
    """The newest definition, and all versions; archived if that was the last event."""
    published = [d for d in history if d.event["event_type"] == "funnel.published"]
    values = _named(name, "funnel_id") | {"published": bool(published)}
    is_archived = history[-1].event["event_type"] == "funnel.archived"
    values["status"] = "archived" if is_archived else "published"
    values["versions"] = [_version(d) for d in published]
    newest = _version(published[-1]) if published else {"name": None, "steps": []}
    return Row(
        "funnels", _id(name), values | {n: v for n, v in newest.items() if n != "appended_at"}
    )


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
        "appended_at": datetime.fromtimestamp(definition.appended_ms / 1000, UTC),
    }


def _test_row(name: Name, history: list[Definition]) -> Row:
    newest = history[-1].event
    data = newest["data"]
    values = _named(name, "test_id") | {
        "funnel_id": data["funnel_id"],
        "name": data["name"],
        "status": _STATUS[newest["event_type"]],
        "started_at": next(_moments(history, "ab_test.started"), None),
        "completed_at": None
        if newest["event_type"] == "ab_test.started"
        else next(_moments(history[-1:], newest["event_type"])),
        "variants": data["variants"],
    }
    return Row("experiments", _id(name), values)


def _moments(history: list[Definition], kind: str) -> Iterator[datetime]:
    for definition in history:
        if definition.event["event_type"] == kind:
            yield datetime.fromisoformat(definition.event["occurred_at"]).astimezone(UTC)


def _event_row(name: Name, history: list[Definition]) -> Row:
    published = [d.event["data"] for d in history if d.event["event_type"] == "event.published"]
    newest = published[-1] if published else {}
    cancelled = history[-1].event["event_type"] == "event.cancelled"
    starts_at = newest.get("starts_at")
    values = _named(name, "event_id") | {
        "name": newest.get("name"),
        "starts_at": starts_at and datetime.fromisoformat(starts_at).astimezone(UTC),
        "capacity": newest.get("capacity"),
        "status": "cancelled" if cancelled else "published",
    }
    return Row("ticketed_events", _id(name), values)


def _named(name: Name, field: str) -> dict[str, Any]:
    return {"organization_id": name[0], field: name[1]}


def _id(name: Name) -> str:
    return ":".join(map(encode_part, name))
