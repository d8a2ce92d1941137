"""Totals of several days: sums, and numbers derived from the sums."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.query.figures.comparison import change
from daybook.query.figures.totals import choose_currency, currencies, totals
from daybook.query.platform.report import TOP, split_by
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay

CENTS = st.integers(0, 2**53 - 1)


def day(gross: int, orders: int) -> dict[str, Any]:
    amounts = {"gross_revenue_cents": gross, "paid_orders": orders}
    return {"date": datetime(2026, 11, 1, tzinfo=UTC), "currencies": {"EUR": amounts}}


@given(st.lists(st.tuples(CENTS, st.integers(0, 10_000)), max_size=20))
def test_an_average_is_that_of_the_sums_rounded_half_to_even(days: list[tuple[int, int]]) -> None:
    found = totals(RevenueDay, [day(*each) for each in days], "EUR")
    gross, orders = (sum(each[n] for each in days) for n in (0, 1))
    assert found["gross_revenue_cents"] == found["net_revenue_cents"] == gross
    expected = round(Fraction(gross, orders)) if orders else None
    assert found["average_order_value_cents"] == expected


def test_a_rate_without_a_denominator_is_null() -> None:
    found = totals(OrderFunnelDay, [{"orders_confirmed": 1}])
    assert found["confirmation_rate"] is None
    assert found["completion_rate"] == 0.0


def test_amounts_that_are_unknown_for_an_hour_are_null() -> None:
    found = totals(RevenueDay, [{"refunded_orders": 2, "currencies": None}], "EUR")
    assert found["refunded_orders"] == 2
    assert found["gross_revenue_cents"] is None
    assert found["net_revenue_cents"] is None
    assert found["paid_orders"] is None
    assert found["average_order_value_cents"] is None


@pytest.mark.parametrize(
    ("days", "requested", "main"),
    [
        ({}, None, "EUR"),
        ({"USD": 3}, None, "USD"),
        ({"USD": 3, "EUR": 1}, None, "EUR"),
        ({"USD": 3, "EUR": 0}, None, "USD"),
        ({"USD": 2, "CHF": 2}, None, "CHF"),
        ({"USD": 2}, "JPY", "JPY"),
    ],
)
def test_the_main_currency_is_the_requested_else_the_preferred_else_the_most_frequent(
    days: dict[str, int], requested: str | None, main: str
) -> None:
    assert choose_currency(days, "EUR", requested) == main


def test_currencies_without_an_amount_are_listed_too() -> None:
    assert currencies([day(0, 0), day(5, 1)], ("gross_revenue_cents",)) == {"EUR": 1}


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([f"c{n}" for n in range(2 * TOP)] + ["other", "unattributed"]), CENTS
        ),
        max_size=5,
    )
)
def test_rows_and_percentages_add_up_to_the_total(days: list[dict[str, int]]) -> None:
    documents = [{"currencies": {"EUR": {"revenue_by_community": each}}} for each in days]
    rows = split_by(documents, "EUR", "community")
    whole = sum(sum(each.values()) for each in days)
    assert sum(row["revenue_cents"] for row in rows) == whole
    assert sum(round(100 * row["percentage"]) for row in rows) == (10_000 if whole else 0)
    assert len(rows) <= TOP + 2


def test_a_change_is_relative_to_the_previous_value() -> None:
    assert change(3, 2) == {"absolute": 1, "relative": 0.5}
    assert change(1, -2) == {"absolute": 3, "relative": 1.5}
    assert change(1, 0) == {"absolute": 1, "relative": None}
    assert change(None, 1) == {"absolute": None, "relative": None}
