"""`publish` gives each good line its key, and explains what is wrong with a bad one."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.cli.support.line_check import BadLine, LineCheck, raw_key
from daybook.engine.decode.parse import EVENT_BYTES_MAX
from daybook.engine.documents.calendar import Calendar
from schemas.catalogue import source

NOW_MS = 1_795_000_000_000
"""November 2026."""


def event(**fields: Any) -> dict[str, Any]:
    return {
        "event_id": "6d5f0f4e-1b7a-4c1e-9a6e-2f1f5a0f3b11",
        "event_type": "order.refunded",
        "occurred_at": "2026-11-10T10:00:00.123Z",
        "schema_version": 1,
        "data": {"order_id": "order-1", "refund_cents": 100},
    } | fields


def data(**fields: Any) -> dict[str, Any]:
    return event(data=event()["data"] | fields)


def line(value: object) -> bytes:
    return json.dumps(value).encode()


def key(raw: bytes) -> bytes:
    return LineCheck(source("sc.domain.order"), Calendar(ZoneInfo("UTC")), NOW_MS).key(raw)


def test_a_good_line_gets_the_key_of_the_catalogue() -> None:
    assert key(line(event())) == b"order-1"
    assert key(b"  " + line(event()) + b"\r") == b"order-1"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{", "not_json: Invalid JSON: EOF while parsing an object at column 1"),
        (b"\xff", "not_json"),
        (b"\xef\xbb\xbf" + line(event()), "not_json"),
        (b"[" * 10_000, "not_json: Invalid JSON: recursion limit exceeded"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b" " * EVENT_BYTES_MAX + line(event()), "too_large"),
        (line(event(event_type="order.refundet")), "unknown event_type 'order.refundet'; did you"),
        (line(event(event_type="user.created")), "unknown event_type 'user.created'"),
        (line(event(event_type=7)), "event_type: must be a string"),
        (line({}), "event_type: must be a string"),
        (line(event(event_id="7")), "event_id: String should have at least 8 characters"),
        (line(event(event_id="1234567\n")), "event_id: must be 8 to 64 characters without control"),
        (line(event(schema_version=3)), "schema_version"),
        (line(event(data=None)), "data"),
        (line(data(refund_cents="100")), "data.refund_cents: Input should be a valid integer"),
        (line(data(refund_cents=True)), "data.refund_cents"),
        (line(data(refund_cents=1.5)), "data.refund_cents"),
        (line(data(refund_cents=-1)), "data.refund_cents"),
        (line(data(refund_cents=10**12 + 1)), "should be less than or equal to 1000000000000"),
        (line(data(order_id="with space")), "data.order_id: must be 1 to 128 printable"),
        (line(event(occurred_at="2026-11-10T10:00:00")), "must be a time with its offset"),
        (line(event(occurred_at="2026-06-31T10:00:00Z")), "10:00:00.123Z, that exists: days from"),
        (line(event(occurred_at="1989-12-31T23:59:59Z")), "occurred_at: must be a time with its"),
        (line(event(occurred_at="1990-01-01T00:00:00+01:00")), "before 1990"),
        (line(event(occurred_at="2027-11-10T10:00:00Z")), "more than 24 hours after now"),
    ],
)
def test_the_error_says_what_is_wrong_with_a_bad_line(raw: bytes, reason: str) -> None:
    with pytest.raises(BadLine, match=reason.replace(".", r"\.")):
        key(raw)


def test_the_error_for_an_unknown_currency_does_not_list_all_currencies() -> None:
    payment = {"order_id": "o", "currency": "XXQ", "amount_cents": 1}
    with pytest.raises(BadLine) as error:
        key(line(event(event_type="order.payment_succeeded", data=payment)))
    assert str(error.value) == "invalid: data.currency: must be an ISO 4217 code, such as USD"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (line(event()), b"order-1"),
        (line({"data": {"order_id": "ö"}}), "ö".encode()),
        (line({"data": {"order_id": 7}}), None),
        (line({"data": []}), None),
        (b"[1]", None),
        (b"7", None),
        (b"\xff", None),
        (b"[" * 10_000, None),
    ],
)
def test_a_raw_line_gets_a_key_if_it_has_a_readable_one(raw: bytes, expected: bytes | None) -> None:
    assert raw_key(raw, "order_id") == expected
