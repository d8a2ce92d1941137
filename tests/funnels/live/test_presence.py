"""The live updates of single events."""

import json
from typing import Any

import pytest

from daybook.engine.documents.live import Entry, LiveUpdate, Presence
from daybook.engine.live.gather import gather
from daybook.funnels.live.presence import live_updates
from tests.support.times import SAME_TIMES

NOON = "2026-11-20T12:00:00.250Z"
NOON_MS = 1_795_176_000_250
FUNNEL = "analytics:funnel:org%3A1:f%2E1"
TICKET = "analytics:event:org%3A1:gala"


def event(kind: str, **data: Any) -> dict[str, Any]:
    return {
        "event_id": "6f0d1a52-0b1e-4c53-9d0a-0c6f1f9d7a01",
        "event_type": kind,
        "occurred_at": NOON,
        "schema_version": 1,
        "organization_id": "org:1",
        "data": {"visitor_id": "eve", "session_id": "s1", **data},
    }


def shown(kind: str, appended_ms: int = NOON_MS + 5_000, **data: Any) -> list[LiveUpdate]:
    return list(live_updates(event(kind, **data), appended_ms))


def place(kind: str, **data: Any) -> str | None:
    (only,) = [update for update in shown(kind, **data) if isinstance(update, Presence)]
    return only.place


def test_a_funnels_event_is_a_recent_event_and_makes_its_visitor_active() -> None:
    recent, presence = shown("step_entry", funnel_id="f.1", step_id="pay")
    assert isinstance(recent, Entry)
    assert (recent.key, recent.at_ms, recent.window_ms, recent.kept) == (
        FUNNEL, NOON_MS, 1_800_000, 50
    )  # fmt: skip
    assert json.loads(recent.member) == {
        "event_id": "6f0d1a52-0b1e-4c53-9d0a-0c6f1f9d7a01",
        "event_type": "step_entry",
        "step_id": "pay",
        "timestamp": "2026-11-20T12:00:00.250Z",
        "session_id": "s1",
    }
    assert presence == Presence(
        f"{FUNNEL}:active", f"{FUNNEL}:places", "eve", NOON_MS, 1_800_000, "pay"
    )


def test_an_event_gives_the_same_member_of_the_set_whenever_it_arrives() -> None:
    (first, _), (again, _) = (shown("page_view", NOON_MS + n, funnel_id="f.1") for n in (1, 9_000))
    assert first == again


@pytest.mark.parametrize(("text", "at"), SAME_TIMES)
def test_a_time_in_any_form_is_written_in_one(text: str, at: str) -> None:
    recent, _ = live_updates(event("page_view", funnel_id="f.1") | {"occurred_at": text}, NOON_MS)
    assert isinstance(recent, Entry)
    assert json.loads(recent.member)["timestamp"] == at


@pytest.mark.parametrize(
    "spelling", ["2026-11-20T13:00:00.25+01:00", "2026-11-20T12:00:00.2509999Z", NOON]
)
def test_times_are_written_in_utc_with_milliseconds(spelling: str) -> None:
    spelt = event("page_view", funnel_id="f.1") | {"occurred_at": spelling}
    recent, _ = live_updates(spelt, NOON_MS)
    assert isinstance(recent, Entry)
    assert json.loads(recent.member)["timestamp"] == NOON


def test_an_event_with_a_future_time_counts_at_its_append_time() -> None:
    for update in shown("page_view", NOON_MS - 3_600_000, funnel_id="f.1"):
        assert update.at_ms == NOON_MS - 3_600_000


@pytest.mark.parametrize(
    ("kind", "data", "where"),
    [
        ("step_entry", {"step_id": "a:b"}, "a%3Ab"),
        ("page_view", {"step_id": "a"}, None),
        ("conversion", {"step_id": "a", "conversion_type": "signup"}, None),
        ("step_exit", {"step_id": "a", "exit_outcome": "forward"}, None),
        ("step_exit", {"step_id": "a", "exit_outcome": "backward"}, None),
        ("step_exit", {"step_id": "a", "exit_outcome": "bounce"}, ""),
        ("step_exit", {"step_id": "a", "exit_outcome": "close"}, ""),
    ],
)
def test_a_visitor_is_at_the_last_step_entered_until_they_leave(
    kind: str, data: dict[str, Any], where: str | None
) -> None:
    assert place(kind, funnel_id="f.1", **data) == where


@pytest.mark.parametrize(
    ("kind", "where"),
    [("view", None), ("cart_add", None), ("checkout_start", "checkout"), ("purchase", "")],
)
def test_a_checkout_is_active_from_its_start_to_the_purchase(kind: str, where: str | None) -> None:
    recent, presence = shown(kind, event_id="gala")
    assert isinstance(recent, Entry)
    assert recent.key == f"{TICKET}:recent"
    assert json.loads(recent.member)["event_type"] == kind
    assert isinstance(presence, Presence)
    assert (presence.key, presence.place) == (f"{TICKET}:active", where)


def test_a_conversion_is_kept_with_its_value_for_five_minutes() -> None:
    *_, conversion = shown(
        "conversion", funnel_id="f.1", conversion_type="signup", value_cents=90, currency="EUR"
    )
    assert isinstance(conversion, Entry)
    assert (conversion.key, conversion.window_ms) == (f"{FUNNEL}:conversions", 300_000)
    assert json.loads(conversion.member) == {
        "event_id": "6f0d1a52-0b1e-4c53-9d0a-0c6f1f9d7a01",
        "currency": "EUR",
        "value_cents": 90,
    }


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("page_view", {"funnel_id": "f.1", "context": {"bot": ["user_agent"]}}),
        ("checkout_start", {"event_id": "gala", "context": {"bot": ["rate"]}}),
        ("experiment_exposed", {"funnel_id": "f.1", "test_id": "t", "variant_id": "a"}),
        ("email_confirmed", {"event_id": "gala", "order_id": "1"}),
        ("barcode_scanned", {"event_id": "gala", "ticket_id": "1"}),
        ("page_view", {}),
    ],
)
def test_bots_and_events_outside_funnels_give_no_live_update(
    kind: str, data: dict[str, Any]
) -> None:
    assert shown(kind, **data) == []


def test_after_several_events_each_visitor_has_the_last_place() -> None:
    def met(who: str, at_ms: int, where: str | None) -> Presence:
        return Presence("k", "p", who, at_ms, 60, where)

    _, presences = gather(
        [met("eve", 1, "a"), met("eve", 3, None), met("eve", 2, "b"), met("bob", 5, "a"),
         met("bob", 5, ""), met("kim", 1, None)]
    )  # fmt: skip
    assert presences == {("k", "p", 60): {"eve": (3, "a"), "bob": (5, ""), "kim": (1, None)}}


def test_for_a_limited_set_only_the_newest_entries_are_sent() -> None:
    few = [Entry("k", f"m{n}", n // 2, 60, 3) for n in range(7)]
    every = [Entry("all", f"m{n}", n, 60) for n in range(7)]
    entries, _ = gather([*few, *every, *few])
    assert entries[("k", 60, 3)] == {"m4": 2, "m5": 2, "m6": 3}
    assert len(entries[("all", 60, 0)]) == 7
