"""Every difference is found, and equal content in another form is no difference."""

from typing import Any

import pytest
from bson import Decimal128, Int64

from daybook.simulate.answer.compare import Difference, differences
from tests.simulate.short_logs import Log

FUNNEL, EXPERIMENT = "analytics_funnel", "analytics_experiment"


def expected() -> dict[str, Any]:
    return Log().view("/a", 0, context={"source": "b"}).convert(1, 500).funnel()


def test_a_document_with_the_expected_numbers_has_no_differences() -> None:
    stored = expected() | {
        "conversion_rate": 1.0,
        "organization_id": "default",
        "page_views": Int64(1),
    }
    assert differences(FUNNEL, stored, expected()) == []


def test_zeros_in_maps_and_hours_are_no_difference() -> None:
    stored = expected()
    stored["sources"]["c"] = {"visitors": 0, "conversions": 0, "value_cents": None}
    stored["hours"]["13"] = {"page_views": 0}
    assert differences(FUNNEL, stored, expected()) == []


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("page_views",), 2, "page_views"),
        (("value_cents",), None, "value_cents"),
        (("hours", "12", "page_views"), 7, "hours 12 page_views"),
        (("hours", "13"), {"page_views": 7}, "hours 13 page_views"),
        (("sources", "b", "visitors"), 7, "sources b visitors"),
        (("currencies", "EUR", "value_cents"), 7, "currencies EUR value_cents"),
        (("currencies", "EUR", "sources", "b"), {}, "currencies EUR sources b value_cents"),
    ],
)
def test_a_difference_is_named(path: tuple[str, ...], value: Any, field: str) -> None:
    stored = inner = expected()
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert [found.field for found in differences(FUNNEL, stored, expected())] == [field]


def test_a_currency_whose_sum_returned_to_zero_keeps_currencies_apart() -> None:
    stored = Log().view("/a", 0, context={"source": "b"}).convert(1, 500).convert(2, 7, "USD")
    kept = stored.funnel()
    kept["currencies"]["USD"] = {"value_cents": 0, "sources": {}}
    found = [each.field for each in differences(FUNNEL, kept, expected())]
    assert [field for field in found if "value" in field] == []
    kept["value_cents"] = 500
    assert "value_cents" in [each.field for each in differences(FUNNEL, kept, expected())]


def test_an_absent_document_is_all_zeros() -> None:
    nothing = {"page_views": 0, "hours": {}, "sources": {}}
    assert differences(FUNNEL, nothing, None) == []
    lost = differences(FUNNEL, None, expected())
    assert Difference("page_views", 0, 1) in lost


def test_squares_are_compared_exactly_beyond_64_bits() -> None:
    square = (10**11) ** 2
    known = {"value_cents_squared": square}
    assert differences(EXPERIMENT, {"value_cents_squared": Decimal128(str(square))}, known) == []
    assert differences(EXPERIMENT, {"value_cents_squared": Decimal128(str(square + 1))}, known)
