"""Every outcome of decoding a message: counted, skipped, or a dead letter."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from consumers import order_funnel, revenue
from daybook.engine.batch import Batch
from daybook.engine.decode.decoder import Decoder
from daybook.engine.decode.duplicate_window import DuplicateWindow
from daybook.engine.decode.parse import EVENT_BYTES_MAX
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.group import Group
from daybook.engine.partition import Partition
from tests.support.log import LogMessage

ARRIVED_MS = 1_795_262_400_000  # 2026-11-21T12:00:00Z
HERE = Partition("sc.domain.order", "topic-id", 0)
RULES = Rules("UTC", frozenset(), duplicate_window=10)


def event(**changes: Any) -> dict[str, Any]:
    return {
        "event_id": "8f14e45f-ceea-467f-ab5d-1a2b3c4d5e6f",
        "event_type": "order.payment_succeeded",
        "occurred_at": "2026-11-20T10:00:00.123Z",
        "schema_version": 1,
        "data": {"order_id": "o1", "currency": "EUR", "amount_cents": 1_999},
    } | changes


def with_data(**changes: Any) -> dict[str, Any]:
    return event(data=event()["data"] | changes)


def message(
    value: Mapping[str, Any] | bytes | None,
    offset: int = 0,
    key: bytes | None = b"o1",
    **extra: str,
) -> LogMessage:
    raw = json.dumps(value).encode() if isinstance(value, Mapping) else value
    headers = tuple((name.replace("_", "-"), text.encode()) for name, text in extra.items())
    return LogMessage(offset, raw, key, ARRIVED_MS, headers)


def decode(
    *messages: LogMessage,
    start: int = 0,
    dead: dict[int, tuple[str, str]] | None = None,
    group: Group = order_funnel.GROUP,
) -> Batch:
    window = DuplicateWindow(RULES.duplicate_window)
    decoder = Decoder(group, HERE, Calendar(RULES.zone_info()), window, dead or {}, start)
    return decoder.decode(messages, len(messages))  # type: ignore[arg-type]


def test_a_valid_event_is_counted() -> None:
    batch = decode(message(event()))
    assert (batch.offsets, batch.day_hours) == ([0], [("2026-11-20", "10")])
    assert batch.dead == []


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        (b"not json", "not_json", ""),
        (b"", "not_json", ""),
        (b"\xff\xfe", "not_json", ""),
        (b"[" * 10_000, "not_json", "recursion"),
        (b"[1]", "not_an_object", ""),
        (b"3", "not_an_object", ""),
        (b"{}", "invalid", "event_type"),
        (b'{"event_type": 5}', "invalid", "event_type"),
        (b"{" + b" " * EVENT_BYTES_MAX + b"}", "too_large", "1048578 bytes"),
        (with_data(amount_cents="1"), "invalid", "data.amount_cents"),
        (with_data(amount_cents=True), "invalid", "data.amount_cents"),
        (with_data(amount_cents=1.5), "invalid", "data.amount_cents"),
        (with_data(amount_cents=-1), "invalid", "data.amount_cents"),
        (with_data(amount_cents=10**12 + 1), "invalid", "data.amount_cents"),
        (with_data(amount_cents=2**70), "invalid", "data.amount_cents"),
        (with_data(currency="EUX"), "invalid", "data.currency"),
        (with_data(currency="eur"), "invalid", "data.currency"),
        (with_data(order_id=""), "invalid", "data.order_id"),
        (with_data(order_id="a b"), "invalid", "data.order_id"),
        (with_data(order_id="x" * 129), "invalid", "data.order_id"),
        (with_data(order_id="o2"), "wrong_key", ""),
        (event(event_id="o1"), "invalid", "event_id"),
        (event(schema_version=3), "invalid", "schema_version"),
        (event(schema_version="1"), "invalid", "schema_version"),
        (event(occurred_at="2026-11-20T10:00:00"), "invalid", "occurred_at"),
        (event(occurred_at="2026-11-20"), "invalid", "occurred_at"),
        (event(occurred_at="1985-11-20T10:00:00Z"), "invalid", "occurred_at"),
        (event(occurred_at="1990-01-01T00:00:00+01:00"), "occurred_at", "1990"),
        (event(occurred_at="2026-11-30T10:00:00Z"), "occurred_at", "24 hours"),
        (event(data=None), "invalid", "data"),
        ({k: v for k, v in event().items() if k != "occurred_at"}, "invalid", "occurred_at"),
    ],
)
def test_an_uncountable_message_becomes_a_dead_letter_with_a_reason(
    value: Any, reason: str, detail: str
) -> None:
    batch = decode(message(value))
    (dead_letter,) = batch.dead
    assert dead_letter.reason == reason
    assert detail in dead_letter.detail
    assert batch.events == []


@pytest.mark.parametrize("arrived_ms", [-1, 0, 4_102_444_800_000, 1_831_922_000_000_000])
@pytest.mark.parametrize("group", [order_funnel.GROUP, revenue.GROUP])
def test_a_message_whose_arrival_is_no_time_is_a_dead_letter(group: Group, arrived_ms: int) -> None:
    """A topic with its producers' times may hold any number there, or none (-1)."""
    batch = decode(replace(message(event()), arrived_ms=arrived_ms), group=group)
    assert [(one.reason, batch.events) for one in batch.dead] == [("appended_at", [])]


def test_a_dead_letters_detail_contains_no_value() -> None:
    (dead_letter,) = decode(message(with_data(currency="secret-name"))).dead
    assert "secret-name" not in dead_letter.detail


@pytest.mark.parametrize(
    ("value", "outcome"), [(None, "tombstone"), (event(event_type="order.teleported"), "ignored")]
)
def test_skipped_messages_are_counted_by_outcome(value: Any, outcome: str) -> None:
    batch = decode(message(value))
    assert batch.outcomes == {outcome: 1}
    assert (batch.dead, batch.events) == ([], [])


def test_unknown_fields_are_dropped() -> None:
    batch = decode(message(with_data(note="x") | {"extra": {"$where": 1}}), group=revenue.GROUP)
    assert "extra" not in batch.events[0]
    assert "note" not in batch.events[0]["data"]


def test_the_last_of_repeated_json_keys_wins() -> None:
    raw = json.dumps(event()).replace(
        '"amount_cents": 1999', '"amount_cents": 1, "amount_cents": 2'
    )
    batch = decode(message(raw.encode()), group=revenue.GROUP)
    assert batch.events[0]["data"]["amount_cents"] == 2


def test_a_producers_duplicate_is_counted_once() -> None:
    batch = decode(*[message(event(), offset) for offset in range(3)])
    assert batch.offsets == [0]
    assert batch.outcomes == {"duplicate": 2}


def test_a_dead_letters_event_id_is_not_in_the_duplicate_window() -> None:
    stray = message(event(), 0, key=b"elsewhere")
    batch = decode(stray, message(event(), 1))
    assert batch.offsets == [1]


def test_a_recorded_dead_letter_stays_dead_although_it_is_valid_now() -> None:
    batch = decode(message(event()), dead={0: ("invalid", "data.currency: unknown then")})
    (dead_letter,) = batch.dead
    assert (dead_letter.reason, dead_letter.detail) == ("invalid", "data.currency: unknown then")
    assert batch.events == []


def test_messages_below_the_start_only_fill_the_window() -> None:
    batch = decode(message(event(), 0), message(b"poison", 1), message(event(), 2), start=2)
    assert batch.events == []
    assert batch.outcomes["duplicate"] == 1
    assert (batch.dead, batch.received) == ([], 1)


@pytest.mark.parametrize(("group", "counted"), [(order_funnel.GROUP, False), (revenue.GROUP, True)])
def test_a_replay_counts_only_for_the_group_of_its_dead_letter(group: Group, counted: bool) -> None:
    replay = message(event(), daybook_group="sc-analytics-revenue", daybook_replay_of="t:0:7")
    batch = decode(replay, group=group)
    assert bool(batch.events) == counted
    assert batch.outcomes.get("replay_for_another_group", 0) == (not counted)
