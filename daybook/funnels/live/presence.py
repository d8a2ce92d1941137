"""The live updates of single events: recent events, active visitors, recent conversions."""

import json
import re
from collections.abc import Iterator

from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.live import Entry, Live, LiveUpdate, Presence
from daybook.engine.moment import moment_at
from daybook.funnels.live.all_days import STAGES
from daybook.funnels.live.redis_keys import (
    ACTIVE_MS,
    CHECKOUT,
    CONVERSIONS_MS,
    RECENT_KEPT,
    event_active,
    event_places,
    event_recent,
    funnel_active,
    funnel_conversions,
    funnel_places,
    funnel_recent,
)
from daybook.funnels.live.totals import totals_of_event, totals_of_funnel
from daybook.funnels.visitor_event import is_bot, milliseconds
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from schemas.envelope import moment_text, organization_of

_NOT_BY_VISITORS = frozenset({"email_confirmed", "email_failed", "barcode_scanned"})
_TICKET_EVENTS = frozenset({"view", "cart_add", "checkout_start", "purchase"})
_LEAVING = frozenset({"bounce", "close"})
_AS_WRITTEN = re.compile(r".{10}T.{6}[0-5]\d\.\d{3}Z")
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""It gives the same bytes for the same event, so that a repeated one replaces itself in Redis."""


def live_updates(event: Event, appended_ms: int) -> Iterator[LiveUpdate]:
    """The updates of a visitor's event; none for bots. A future time counts as the append time."""
    kind, data = event["event_type"], event["data"]
    if kind in _NOT_BY_VISITORS or is_bot(event):
        return
    occurred_ms = milliseconds(event["occurred_at"])
    at_ms = min(occurred_ms, appended_ms)
    organization = organization_of(event)
    if "funnel_id" in data and kind != "experiment_exposed":
        yield from _in_funnel((organization, data["funnel_id"]), event, occurred_ms, at_ms)
    if kind in _TICKET_EVENTS:
        ticketed = organization, data["event_id"]
        place = {"checkout_start": CHECKOUT, "purchase": ""}.get(kind)
        keys = event_active(*ticketed), event_places(*ticketed)
        recent = _json(_recent(event, occurred_ms))
        yield Entry(event_recent(*ticketed), recent, at_ms, ACTIVE_MS, RECENT_KEPT)
        yield Presence(*keys, data["visitor_id"], at_ms, ACTIVE_MS, place)


def _in_funnel(
    funnel: tuple[str, str], event: Event, occurred_ms: int, at_ms: int
) -> Iterator[LiveUpdate]:
    data, recent = event["data"], _json(_recent(event, occurred_ms))
    yield Entry(funnel_recent(*funnel), recent, at_ms, ACTIVE_MS, RECENT_KEPT)
    who, place = data["visitor_id"], _place(event)
    yield Presence(funnel_active(*funnel), funnel_places(*funnel), who, at_ms, ACTIVE_MS, place)
    if event["event_type"] == "conversion":
        conversion = {
            "event_id": event["event_id"],
            "currency": data.get("currency"),
            "value_cents": data.get("value_cents"),
        }
        yield Entry(funnel_conversions(*funnel), _json(conversion), at_ms, CONVERSIONS_MS)


def _recent(event: Event, occurred_ms: int) -> dict[str, str | None]:
    return {
        "event_id": event["event_id"],
        "event_type": event["event_type"],
        "step_id": event["data"].get("step_id"),
        "timestamp": _text(event["occurred_at"], occurred_ms),
        "session_id": event["data"]["session_id"],
    }


def _place(event: Event) -> str | None:
    """The step where a visitor is after the event: "" if they leave, None if it does not change."""
    data = event["data"]
    if event["event_type"] == "step_entry":
        return encode_part(data["step_id"])
    if event["event_type"] == "step_exit" and data["exit_outcome"] in _LEAVING:
        return ""
    return None


def _text(occurred_at: str, at_ms: int) -> str:
    """The time in UTC, to the millisecond, which is how most producers write it."""
    if _AS_WRITTEN.fullmatch(occurred_at):
        return occurred_at
    return moment_text(moment_at(at_ms))


LIVE = Live(
    totals={FunnelDay: totals_of_funnel, EventMetricsDay: totals_of_event},
    updates=live_updates,
    stages={EventMetricsDay: STAGES},
)
