"""A file for people shows amounts with their currency and its decimals."""

import pytest

from daybook.exports.formats.cell import Cell
from daybook.exports.formats.money import Money
from daybook.query.figures.body import Body


class InDinars(Body):
    currency: str | None = "IQD"


@pytest.mark.parametrize(
    ("columns", "row", "shown"),
    [
        (["revenue_cents"], [25_000_000], ["IQD 25,000.000"]),
        (["currency", "value_cents"], ["HUF", 499_000], ["HUF", "HUF 4,990.00"]),
        (["key", "revenue_cents"], ["JPY", 1_234], ["JPY", "JPY 1,234"]),
        (["key", "revenue_cents"], ["Google", 1], ["Google", "IQD 0.001"]),
        (["orders", "average_cents"], [3, None], [3, None]),
    ],
)
def test_an_amount_is_in_its_rows_currency_or_else_the_reports(
    columns: list[str], row: list[Cell], shown: list[Cell]
) -> None:
    assert Money(InDinars()).readable(columns, [row]) == [shown]


def test_an_amount_of_an_unknown_currency_stays_in_minor_units() -> None:
    assert Money(InDinars(currency=None)).readable(["value_cents"], [[5]]) == [[5]]
