"""Builds a row of `funnel_sessions` in its stored form from what the SQL rules give."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import unquote

from bson import Int64

from daybook.recount.funnel_step.room import with_room
from daybook.recount.moment import moment_at
from daybook.recount.recounted import Document

PATH_KEPT = 100
EVENTS_MAX = 500
EVENTS_BYTES_MAX = 1_000_000

_NAMES = ("organization_id", "visitor_id", "session_id", "funnel_id")
_arrival = itemgetter("n")
_time = itemgetter("at", "offset", "n")


def session_document(document: str, rows: Sequence[Any]) -> Document:
    """The row with this `_id`.

    `rows`: one object with user_id, events_total, the events in any order (all remembered ones, and
    those that the row has room for), and the context of the first event of the story. Times are
    milliseconds since 1970.
    """
    [row] = rows
    named = dict(zip(_NAMES, map(unquote, document.split(":")), strict=True))
    arrived = sorted(row["events"], key=_arrival)
    remembered = [event for event in arrived if event["is_remembered"]]
    # The story is that of the newest session with this id.
    newest = max((event["since"] for event in remembered), default=0)
    told = sorted((e for e in remembered if e["since"] == newest), key=_time)
    story = _story(told, row["context"]) if told else {}
    events = with_room([_event(event) for event in arrived[:EVENTS_MAX]], EVENTS_BYTES_MAX)
    more = {
        "events": events,
        "events_total": Int64(row["events_total"]),
        "truncated": Int64(row["events_total"] - len(events)),
        "consent": None,
    }
    return named | {"user_id": row["user_id"]} | story | more


def _event(event: dict[str, Any]) -> Document:
    """An event in its stored form."""
    return {
        "event_type": event["event_type"],
        "page_id": event["page_id"],
        "step_id": event["step_id"],
        "at": moment_at(event["at"]),
        "metadata": event["metadata"] or {},
    }


def _story(events: list[dict[str, Any]], context: dict[str, Any] | None) -> Document:
    pages = [event["page"] for event in events if event["page"] is not None]
    steps = [event["step_id"] for event in events if event["event_type"] == "step_entry"]
    return {
        "started_at": moment_at(events[0]["at"]),
        "last_at": moment_at(events[-1]["at"]),
        "entry_page": pages[0] if pages else None,
        "exit_page": pages[-1] if pages else None,
        "page_views": sum(event["event_type"] == "page_view" for event in events),
        "path": [step for step, _ in groupby(steps)][:PATH_KEPT],
        "context": {
            name: value
            for name, value in (context or {}).items()
            if value is not None and name != "bot"
        },
        "conversions": [
            {
                "at": moment_at(event["at"]),
                "type": event["type"],
                "step_id": event["step_id"],
                "value_cents": event["value_cents"],
                "currency": event["currency"],
            }
            for event in events
            if event["event_type"] == "conversion"
        ],
    }
