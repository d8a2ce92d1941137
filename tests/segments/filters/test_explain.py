"""An explanation says of each condition whether it holds, since when, and until when."""

from typing import Any

import pytest

from daybook.segments.filters.explain import describe, explain
from tests.segments.filters.person import UTC, Person, at
from tests.segments.filters.vectors import ABANDONED, CARTED, LAPSED, LEADER, SPENT


def test_each_node_has_its_value_its_beginning_and_its_end() -> None:
    filters = {"all": [ABANDONED, {"not": LEADER}]}
    person = Person().did("cart_add", "2 10:00").has("role", "leader", "2 18:00")
    found = explain(filters, person.profile, at("2 12:00"), UTC)
    assert [
        (depth, node.text, node.value, node.since, node.until) for depth, node in found.lines()
    ] == [
        (0, "all of", True, at("2 10:00"), at("2 18:00")),
        (
            1,
            "at least 1 cart_add within PT24H, then no order.payment_succeeded",
            True,
            at("2 10:00"),
            at("3 10:00"),
        ),
        (1, "not", True, at("2 10:00"), at("2 18:00")),
        (2, "role is leader", False, None, at("2 18:00")),
    ]


def test_after_the_last_change_a_value_stays() -> None:
    found = explain(CARTED, Person().did("cart_add", "2 10:00").profile, at("9 00:00"), UTC)
    assert (found.value, found.since, found.until) == (False, at("3 10:00"), None)


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        (SPENT, "revenue at least 10000 minor units of EUR within P30D"),
        (LAPSED["all"][0], "at least 1 paid orders"),
        ({"orders": {"exactly": 2}, "product": "cup"}, "exactly 2 paid orders of cup"),
        ({"seen": "first", "within": "P7D"}, "first seen within P7D"),
        (
            {"event": "custom", "where": {"name": "spin"}, "count": {"at_most": 3}},
            "at most 3 custom with name spin",
        ),
        ({"attribute": "country", "in": ["DE", "FR"]}, "country in DE, FR"),
        ({"attribute": "country", "not_in": ["DE"]}, "country not in DE"),
        ({"attribute": "browser", "exists": False}, "browser is not known"),
    ],
)
def test_a_condition_in_words(filters: dict[str, Any], text: str) -> None:
    assert describe(filters) == text
