"""What one event shows at once: in the last events, among those who are there, as a conversion."""

import json
from collections.abc import Iterator

from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.live import Entry, Live, LiveUpdate, Presence
from daybook.funnels.live.redis_keys import (
    ACTIVE_MS,
    CHECKOUT,
    CONVERSIONS_MS,
    RECENT_KEPT,
    event_active,
    event_places,
    funnel_active,
    funnel_conversions,
    funnel_places,
    funnel_recent,
)
from daybook.funnels.live.totals import of_event, of_funnel
from daybook.funnels.visitor_event import is_bot, milliseconds, moment
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from schemas.envelope import moment_text, organization_of

_OF_NO_VISITOR = frozenset({"email_confirmed", "email_failed", "barcode_scanned"})
_OF_A_TICKET = frozenset({"view", "cart_add", "checkout_start", "purchase"})
_LEAVING = frozenset({"bounce", "close"})
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Always the same bytes for the same event."""


def signs(event: Event, appended_ms: int) -> Iterator[LiveUpdate]:
    """Of a person's event; an event from the future is one of the moment in which it arrived."""
    kind, data = event["event_type"], event["data"]
    if kind in _OF_NO_VISITOR or is_bot(event):
        return
    occurred_ms = milliseconds(event["occurred_at"])
    at_ms = min(occurred_ms, appended_ms)
    organization = organization_of(event)
    if "funnel_id" in data and kind != "experiment_exposed":
        yield from _in_funnel((organization, data["funnel_id"]), event, occurred_ms, at_ms)
    if kind in _OF_A_TICKET:
        of = organization, data["event_id"]
        place = {"checkout_start": CHECKOUT, "purchase": ""}.get(kind)
        who = data["visitor_id"]
        yield Presence(event_active(*of), event_places(*of), who, at_ms, ACTIVE_MS, place)


def _in_funnel(
    of: tuple[str, str], event: Event, occurred_ms: int, at_ms: int
) -> Iterator[LiveUpdate]:
    data = event["data"]
    recent = {
        "event_id": event["event_id"],
        "event_type": event["event_type"],
        "step_id": data.get("step_id"),
        "timestamp": _text(event["occurred_at"], occurred_ms),
        "session_id": data["session_id"],
    }
    yield Entry(funnel_recent(*of), _json(recent), at_ms, ACTIVE_MS, RECENT_KEPT)
    who, place = data["visitor_id"], _place(event)
    yield Presence(funnel_active(*of), funnel_places(*of), who, at_ms, ACTIVE_MS, place)
    if event["event_type"] == "conversion":
        conversion = {
            "event_id": event["event_id"],
            "currency": data.get("currency"),
            "value_cents": data.get("value_cents"),
        }
        yield Entry(funnel_conversions(*of), _json(conversion), at_ms, CONVERSIONS_MS)


def _place(event: Event) -> str | None:
    """A step is where a visitor is from its entry on, until he enters another or leaves."""
    data = event["data"]
    if event["event_type"] == "step_entry":
        return encode_part(data["step_id"])
    if event["event_type"] == "step_exit" and data["exit_outcome"] in _LEAVING:
        return ""
    return None


def _text(occurred_at: str, at_ms: int) -> str:
    """In UTC, to the millisecond; most producers write it so."""
    if len(occurred_at) == len("2026-11-20T10:00:00.123Z") and occurred_at[-1] == "Z":
        return occurred_at
    return moment_text(moment(at_ms))


LIVE = Live(totals={FunnelDay: of_funnel, EventMetricsDay: of_event}, updates=signs)
