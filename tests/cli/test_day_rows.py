"""Daily documents are formatted as rows of a table."""

from datetime import UTC, datetime
from typing import Any

from daybook.cli.support.day_rows import day_rows, headings, maps
from models.funnel_revenue import FunnelRevenueDay
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def currency(gross: int, orders: int) -> dict[str, Any]:
    return {
        "gross_revenue_cents": gross,
        "refunded_cents": 0,
        "net_revenue_cents": gross,
        "refund_excess_cents": 0,
        "paid_orders": orders,
        "average_order_value_cents": gross // orders,
        "revenue_by_community": {"unattributed": 1, "a%2Eb": 7, "%6Fther": 3, "other": 2},
    }


def revenue(**currencies: dict[str, Any]) -> dict[str, Any]:
    return {
        "date": DAY,
        "currencies": currencies,
        "refunded_orders": 4,
        "duplicate_payments": 1,
        "gross_revenue_cents": 0,
    }


def cells(row: tuple[str, ...]) -> dict[str, str]:
    fixed, names = headings(RevenueDay)
    return dict(zip([*fixed, *names], row, strict=True))


def test_counters_have_separators_and_rates_are_percentages() -> None:
    document = {"date": DAY, "orders_created": 1_234, "payment_success_rate": 0.9336}
    (row,) = day_rows(OrderFunnelDay, document)
    fixed, names = headings(OrderFunnelDay)
    by_heading = dict(zip([*fixed, *names], row, strict=True))
    assert by_heading["date"] == "2026-11-20"
    assert by_heading["orders created"] == "1,234"
    assert by_heading["payment success rate"] == "93.4%"


def test_null_and_absent_values_are_dashes() -> None:
    (row,) = day_rows(OrderFunnelDay, {"date": DAY, "completion_rate": None})
    assert set(row[1:]) == {"-"}


def test_a_value_of_a_wrong_type_is_shown_unchanged() -> None:
    (row,) = day_rows(OrderFunnelDay, {"date": DAY, "orders_created": "many"})
    assert "many" in row


def test_each_currency_has_a_row_and_the_first_one_shows_the_days_counters() -> None:
    first, second = map(
        cells, day_rows(RevenueDay, revenue(USD=currency(1_000, 2), EUR=currency(500, 1)))
    )
    assert (first["currency"], second["currency"]) == ("EUR", "USD")
    assert (first["gross revenue"], second["gross revenue"]) == ("5.00", "10.00")
    assert (first["paid orders"], second["paid orders"]) == ("1", "2")
    assert (first["refunded orders"], second["refunded orders"]) == ("4", "")


def test_a_day_without_money_has_a_row_too() -> None:
    (row,) = day_rows(RevenueDay, revenue())
    assert cells(row)["currency"] == "-"
    assert cells(row)["duplicate payments"] == "1"


def test_maps_are_sorted_by_amount_and_show_keys_as_producers_sent_them() -> None:
    ((heading, amounts),) = maps(RevenueDay, revenue(USD=currency(1_000, 2)))
    assert heading == "revenue by community, USD"
    assert amounts == [
        ("a.b", "0.07"),
        ("%6Fther", "0.03"),
        ("other", "0.02"),
        ("unattributed", "0.01"),
    ]


def test_a_breakdowns_money_is_shown_as_a_map_and_not_in_the_row() -> None:
    goods = {"cup": {"revenue_cents": 500, "refunded_cents": 0}, "tea": {"revenue_cents": 700}}
    document = {"date": DAY, "currencies": {"EUR": {"products": goods}}}
    assert list(maps(FunnelRevenueDay, document)) == [
        ("products: revenue, EUR", [("tea", "7.00"), ("cup", "5.00")])
    ]
    _, names = headings(FunnelRevenueDay)
    assert names == [
        "gross revenue",
        "refunded",
        "net revenue",
        "orders",
        "refunded orders",
        "units",
    ]
