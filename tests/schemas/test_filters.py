"""Filters of segments: what is taken, and by which path anything else is refused."""

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.filters import OF_ORDERS, OF_USERS, TRACKED, Filters, parse_window
from schemas.order import OrderEvent
from schemas.tracking import TrackingEvent
from schemas.user import UserEvent

FILTERS: TypeAdapter[Any] = TypeAdapter(Filters)
CART: dict[str, Any] = {"event": "cart_add", "within": "PT24H"}
NODES = "must have exactly one of all, any, not, event, attribute, seen, orders, revenue, segment"


def nested(levels: int) -> dict[str, Any]:
    node = CART
    for _ in range(levels - 1):
        node = {"not": node}
    return node


@pytest.mark.parametrize(
    "filters",
    [
        CART,
        {"all": [CART, {"any": [{"not": CART}]}]},
        CART | {"count": {"at_most": 0}, "where": {"name": "$where"}, "then_not": "purchase"},
        {"attribute": "country", "is": "$$ROOT"},
        {"attribute": "role", "in": ["a.b", "\0"]},
        {"attribute": "browser", "exists": False},
        {"seen": "last", "within": "P731D"},
        {"orders": {"exactly": 100}, "product": "cup"},
        {"revenue": {"currency": "EUR", "at_least": 10_000}, "within": "P30D"},
        {"segment": "spenders", "version": 2},
        nested(10),
        {"any": [{"all": [CART] * 50}] * 4},
    ],
)
def test_conditions_and_their_combinations_are_taken(filters: dict[str, Any]) -> None:
    assert FILTERS.validate_python(filters) == filters


@pytest.mark.parametrize(
    ("filters", "refusal"),
    [
        ({}, f"filters: {NODES}"),
        (5, f"filters: {NODES}"),
        ({"all": [CART, "x"]}, f"filters.all[1]: {NODES}"),
        (CART | {"not": CART}, f"filters: {NODES}"),
        ({"$where": "1"}, f"filters: {NODES}"),
        ({"event": "order.shipped"}, "filters.event: Input should be 'page_view'"),
        (CART | {"price": 1}, "filters.price: Extra inputs are not permitted"),
        ({"all": []}, "filters.all: List should have at least 1 item"),
        ({"any": [CART] * 51}, "filters.any: List should have at most 50 items"),
        (
            {"all": [CART, {"not": CART | {"within": "PT30S"}}]},
            "filters.all[1].not.within: must be PTnHnM or PnD, from PT1M to P731D",
        ),
        (CART | {"count": {"at_least": 0}}, "filters.count.at_least: Input should be greater"),
        (CART | {"count": {"at_least": 101}}, "filters.count.at_least: Input should be less"),
        (CART | {"count": {}}, "filters.count: must have one of at_least, at_most, exactly"),
        (CART | {"where": {"a.b": "x"}}, "filters.where.a.b: Extra inputs are not permitted"),
        (CART | {"where": {"name": "x", "step_id": "y"}}, "filters.where: must have one of"),
        ({"attribute": "shoe_size", "is": "9"}, "filters.attribute: Input should be 'country'"),
        ({"attribute": "role"}, "filters: must have one of is, is_not, in, not_in, exists"),
        ({"attribute": "role", "in": ["a", 5]}, "filters.in[1]: Input should be a valid string"),
        ({"attribute": "role", "is": "x" * 1_025}, "filters.is: String should have at most 1024"),
        ({"revenue": {"at_least": 1}}, "filters.revenue.currency: Field required"),
        ({"revenue": {"currency": "EUR"}}, "filters.revenue: must have one of at_least, at_most"),
        ({"segment": "s", "version": 0}, "filters.version: Input should be greater"),
        (nested(11), "filters: at most 10 levels"),
        (nested(5_000), "filters: at most 10 levels"),
        ({"any": [{"all": [CART] * 50}] * 5}, "filters: at most 200 conditions"),
    ],
)
def test_anything_else_is_refused_by_its_path(filters: Any, refusal: str) -> None:
    with pytest.raises(ValidationError) as refused:
        FILTERS.validate_python(filters)
    (problem,) = refused.value.errors()
    assert problem["msg"].startswith(refusal)


@pytest.mark.parametrize("within", ["PT1M", "PT24H", "PT1H30M", "PT17544H", "P1D", "P731D"])
def test_a_window_is_a_time_or_days(within: str) -> None:
    assert parse_window(within) > 0


@pytest.mark.parametrize(
    "within",
    [
        "",
        "P",
        "PT",
        "PT0M",
        "P0D",
        "PT30S",
        "P732D",
        "P1M",
        "PT17545H",
        "P1DT1H",
        "1D",
        "PT1H ",
        "PT٣H",
    ],
)
def test_no_other_window_is_taken(within: str) -> None:
    with pytest.raises(ValidationError, match=r"filters\.within"):
        FILTERS.validate_python(CART | {"within": within})


def test_conditions_can_name_the_events_of_visitors_orders_and_users() -> None:
    def types(union: Any) -> set[str]:
        return {get_args(e.__annotations__["event_type"])[0] for e in get_args(get_args(union)[0])}

    not_of_visitors = {"email_confirmed", "email_failed", "barcode_scanned"}
    assert types(TrackingEvent) - not_of_visitors == TRACKED
    assert types(OrderEvent) >= OF_ORDERS
    assert types(UserEvent) >= OF_USERS
