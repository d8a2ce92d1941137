"""Money is divided among products in whole cents that add up, for any payment and refunds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.engine.documents.calendar import DayHour
from daybook.funnels.apportion import apportion
from daybook.funnels.order_revenue import paid, products, refunded
from models.order_state import new_order

CENTS = st.integers(0, 2**53 - 1)
DAY = DayHour("2026-01-01", "10")


@pytest.mark.parametrize(
    ("cents", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (2, [1, 1, 1], [1, 1, 0]),
        (101, [1, 2], [34, 67]),
        (500, [400, 100], [400, 100]),
        (500, [], []),
        (500, [0, 0], [0, 0]),
        (0, [5, 7], [0, 0]),
    ],
)
def test_the_largest_remainders_get_the_remaining_cents(
    cents: int, weights: list[int], parts: list[int]
) -> None:
    assert apportion(cents, weights) == parts


@given(CENTS, st.lists(CENTS, min_size=1, max_size=9))
def test_parts_add_up_and_are_less_than_a_cent_off(cents: int, weights: list[int]) -> None:
    parts = apportion(cents, weights)
    whole = sum(weights)
    assert sum(parts) == (cents if whole else 0)
    assert all(abs(p * whole - cents * w) < whole for p, w in zip(parts, weights, strict=True) if w)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=3),
    st.lists(st.integers(0, 9), min_size=1, max_size=5),
    st.lists(st.integers(-20, 20)),
)
def test_no_product_is_refunded_more_than_was_paid_for_it_or_less_than_nothing(
    payments: list[int], worth: list[int], refunds: list[int]
) -> None:
    """Reversals are refunds below zero."""
    lines = [
        {"product_id": f"p{number}", "quantity": 1, "price_cents": price}
        for number, price in enumerate(worth)
    ]
    order = new_order("o") | {
        "payment": {"date": DAY.day, "hour": DAY.hour, "currency": "EUR", "amount_cents": 0},
        "funnel_settled": True,
        "funnel": {
            "organization_id": "default",
            "funnel_id": "f",
            "step_id": None,
            "products": products(lines),
        },
    }
    taken = 0
    for number, cents in enumerate(payments):
        payment = {"date": DAY.day, "hour": DAY.hour, "cents": cents}
        list(paid(order, payment, is_first=number == 0))
    for asked in refunds:
        booked = max(-taken, min(asked, sum(payments) - taken))
        taken += booked
        list(refunded(order, DAY, booked, is_first=False, is_paired=False))
        remain = [p["revenue_cents"] - p["refunded_cents"] for p in order["funnel"]["products"]]
        assert sum(remain) == (sum(payments) - taken if sum(worth) else 0)
        assert all(each >= 0 for each in remain)
        assert all(p["refunded_cents"] >= 0 for p in order["funnel"]["products"])


def test_lines_of_one_product_are_combined_and_lines_of_quantity_0_ignored() -> None:
    cup = {"product_id": "cup", "quantity": 1, "price_cents": 2**53 - 1}
    lines = [
        cup | {"product_name": "Cup"},
        cup | {"product_name": "cup"},
        cup | {"product_name": ""},
        {"product_id": "tea", "quantity": 0, "price_cents": 5},
        {"product_id": "bag", "quantity": 3, "price_cents": 5, "product_name": ""},
    ]
    found = [(p["product_id"], p["name"], p["units"], p["worth_cents"]) for p in products(lines)]
    assert found == [("bag", None, 3, 15), ("cup", "cup", 3, 2**53 - 1)]
