"""A row of `funnel_sessions` as it is stored, from what SQL tells of it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import unquote

from bson import Int64

from daybook.recount.recounted import Document

PATH_KEPT = 100

_NAMES = ("organization_id", "visitor_id", "session_id", "funnel_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def session(document: str, told: Sequence[str]) -> Document:
    """`told`: JSON of user_id, events as they came and events_total; of the session as it goes by
    its events' times, `story`, and the first one's context. Moments are milliseconds."""
    row = json.loads(told[0])
    named = dict(zip(_NAMES, map(unquote, document.split(":")), strict=True))
    story = _story(row["story"], row["context"]) if row["story"] else {}
    events = [
        each | {"at": _moment(each["at"]), "metadata": each["metadata"] or {}}
        for each in row["events"]
    ]
    more = {"events": events, "events_total": Int64(row["events_total"]), "consent": None}
    return named | {"user_id": row["user_id"]} | story | more


def _story(events: list[dict[str, Any]], context: dict[str, Any] | None) -> Document:
    pages = [each["page"] for each in events if each["page"] is not None]
    steps = [each["step_id"] for each in events if each["event_type"] == "step_entry"]
    return {
        "started_at": _moment(events[0]["at"]),
        "last_at": _moment(events[-1]["at"]),
        "entry_page": pages[0] if pages else None,
        "exit_page": pages[-1] if pages else None,
        "page_views": sum(each["event_type"] == "page_view" for each in events),
        "path": [step for step, _ in groupby(steps)][:PATH_KEPT],
        "context": {
            name: value
            for name, value in (context or {}).items()
            if value is not None and name != "bot"
        },
        "conversions": [
            {
                "at": _moment(each["at"]),
                "type": each["type"],
                "step_id": each["step_id"],
                "value_cents": each["value_cents"],
                "currency": each["currency"],
            }
            for each in events
            if each["event_type"] == "conversion"
        ],
    }


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)
