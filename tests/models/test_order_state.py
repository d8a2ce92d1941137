"""The largest state that an order can have fits into a document with room to spare."""

from datetime import date, timedelta
from typing import Any

import bson
from bson import Int64

from daybook.funnels.order_revenue import products
from models.order_state import (
    LATER_PAYMENTS_MAX,
    REVERSALS_MAX,
    STATE_BYTES_MAX,
    WAITING_REFUNDS_MAX,
    new_order,
)
from schemas.fields import CENTS_MAX
from schemas.order import ITEMS_BYTES_MAX, ITEMS_MAX, TICKETED_EVENTS_MAX

FIRST, LAST = date(1990, 1, 1), date(2100, 12, 31)
WIDE = "😀"
"""A character of four bytes."""


def lines() -> list[dict[str, Any]]:
    """As many lines as an order may have, which together are as large as they may be."""
    made: list[dict[str, Any]] = [
        {
            "product_id": f"{number:04d}",
            "product_name": WIDE * 113,
            "quantity": Int64(1_000_000),
            "price_cents": Int64(CENTS_MAX),
        }
        for number in range(ITEMS_MAX)
    ]
    assert ITEMS_BYTES_MAX * 0.95 < len(bson.encode({"": made})) <= ITEMS_BYTES_MAX * 1.05
    return made


def test_the_largest_state_of_an_order_is_small_enough() -> None:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    refund = {"date": LAST.isoformat(), "hour": "23", "cents": Int64(CENTS_MAX)}
    basket = [
        product
        | dict.fromkeys(("units", "worth_cents", "revenue_cents", "refunded_cents"), Int64(1))
        for product in products(lines())
    ]
    sums = ("units", "worth_cents", "revenue_cents", "refunded_cents")
    part = dict.fromkeys(sums, Int64(1)) | {"event_id": WIDE * 128}
    state = new_order(WIDE * 128) | {
        "_id": WIDE * 128,
        "payment": refund | {"currency": "EUR", "amount_cents": Int64(CENTS_MAX)},
        "refunds": {day.isoformat(): Int64(1) for day in days},
        "waiting_refunds": [refund] * WAITING_REFUNDS_MAX,
        "booked_refunds": [refund | {"is_paired": True}] * WAITING_REFUNDS_MAX,
        "total": {"currency": "EUR", "amount_cents": Int64(CENTS_MAX)},
        "later_payments": [refund | {"counted": True}] * LATER_PAYMENTS_MAX,
        "waiting_reversals": [refund] * REVERSALS_MAX,
        "source": WIDE * 1_024,
        "community_id": WIDE * 128,
        "promotion_id": WIDE * 128,
        "funnel": dict.fromkeys(("organization_id", "funnel_id", "step_id"), WIDE * 128)
        | {"products": basket},
        "tickets": {
            "organization_id": WIDE * 128,
            "returned": True,
            "parts": [part] * (TICKETED_EVENTS_MAX + 2),
        },
        "cancelled": {"date": LAST.isoformat(), "hour": "23"},
        "event_ids": [bytes(16)] * 32,
    }
    assert 1_300_000 < len(bson.encode(state)) < STATE_BYTES_MAX
