"""Definitions of segments that overlap, and many of which an event touches few."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

ORGANIZATION = "shop-1"
IN_FORCE_MAX = 500
"""The segments that an organization may have in force."""

Defined = tuple[str, str, dict[str, Any]]
"""An organization, a segment, and its filters."""

_CONDITIONS: tuple[dict[str, Any], ...] = (
    {"event": "page_view", "count": {"at_least": 2}, "within": "P7D"},
    {"event": "cart_add", "within": "PT24H", "then_not": "order.payment_succeeded"},
    {"attribute": "country", "in": ["DE", "AT"]},
    {"revenue": {"currency": "EUR", "at_least": 5_000}, "within": "P30D"},
    {"event": "view", "within": "PT24H"},
    {"seen": "last", "within": "P7D"},
    {"event": "order.payment_succeeded", "within": "P30D"},
    {"attribute": "role", "is": "buyer"},
    {"event": "checkout_start", "within": "PT2H"},
    {"attribute": "channel", "is": "paid"},
    {"orders": {"at_least": 1}, "within": "P90D"},
    {"event": "user.login_succeeded", "within": "P2D"},
    {"event": "cart_add", "where": {"event_id": "e1"}, "within": "P30D"},
    {"attribute": "device_type", "is": "mobile"},
    {"event": "view", "count": {"at_least": 3}, "within": "P14D"},
    {"seen": "first", "within": "P30D"},
)


NEWCOMERS: Defined = (ORGANIZATION, "newcomers", {"seen": "first", "within": "P4D"})
ALL_DUE = datetime(2026, 3, 5, tzinfo=UTC)
"""The moment at which all who sign up leave it."""


def overlapping() -> Iterator[Defined]:
    """20 definitions of 4 conditions each, of all kinds."""
    for number in range(20):
        first, second, third, fourth = (
            _CONDITIONS[(number + step) % len(_CONDITIONS)] for step in (0, 3, 7, 12)
        )
        filters = (
            {"all": [{"any": [first, second]}, {"any": [third, {"not": fourth}]}]},
            {"any": [{"all": [first, {"not": second}]}, {"all": [third, fourth]}]},
            {"all": [first, {"not": {"all": [second, third]}}, {"not": fourth}]},
        )[number % 3]
        yield ORGANIZATION, f"overlapping-{number}", filters


def many(events: int) -> Iterator[Defined]:
    """1,000 definitions of 4 conditions, 500 in each of two organizations, of which an event that
    names one of so many ticketed events touches 10."""
    for organization in ("shop-1", "shop-2"):
        for number in range(IN_FORCE_MAX):
            where = {"where": {"event_id": f"e{number % events}"}}
            carted = {"event": "cart_add"} | where
            own = f"PT{number // events + 1}H"
            filters = {
                "all": [
                    {"event": "view", "within": own} | where,
                    {"any": [{"not": carted | {"within": own}}, carted | {"within": "P30D"}]},
                    {"not": {"event": "view", "count": {"at_least": 50}} | where},
                ]
            }
            yield organization, f"of-{number}", filters
