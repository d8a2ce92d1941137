"""Builds a row of `funnel_sessions` in its stored form from the JSON that the SQL rules give."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import unquote

import bson
from bson import Int64

from daybook.recount.recounted import Document

PATH_KEPT = 100
EVENTS_BYTES_MAX = 1_000_000

_NAMES = ("organization_id", "visitor_id", "session_id", "funnel_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def session_document(document: str, rows: Sequence[str]) -> Document:
    """The row with this `_id`.

    `rows`: one JSON object with user_id, the events in arrival order, events_total, the session's
    remembered events in order of time (`story`), and the context of the first of these. Times are
    milliseconds since 1970.
    """
    row = json.loads(rows[0])
    named = dict(zip(_NAMES, map(unquote, document.split(":")), strict=True))
    story = _story(row["story"], row["context"]) if row["story"] else {}
    events = list(_with_room(row["events"]))
    more = {
        "events": events,
        "events_total": Int64(row["events_total"]),
        "truncated": Int64(row["events_total"] - len(events)),
        "consent": None,
    }
    return named | {"user_id": row["user_id"]} | story | more


def _with_room(events: list[dict[str, Any]]) -> Iterator[Document]:
    """The first events, in their stored form, that have room together."""
    size = 0
    for event in events:
        stored = event | {"at": _moment(event["at"]), "metadata": event["metadata"] or {}}
        size += len(bson.encode(stored))
        if size > EVENTS_BYTES_MAX:
            return
        yield stored


def _story(events: list[dict[str, Any]], context: dict[str, Any] | None) -> Document:
    pages = [event["page"] for event in events if event["page"] is not None]
    steps = [event["step_id"] for event in events if event["event_type"] == "step_entry"]
    return {
        "started_at": _moment(events[0]["at"]),
        "last_at": _moment(events[-1]["at"]),
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
                "at": _moment(event["at"]),
                "type": event["type"],
                "step_id": event["step_id"],
                "value_cents": event["value_cents"],
                "currency": event["currency"],
            }
            for event in events
            if event["event_type"] == "conversion"
        ],
    }


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)
