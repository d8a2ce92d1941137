"""Filters, what a person did, and when they are a member: from the first time to the second."""

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.segments.filters.person import UTC, Person

BERLIN = ZoneInfo("Europe/Berlin")
CARTED: dict[str, Any] = {"event": "cart_add", "within": "PT24H"}
THREE_CARTS: dict[str, Any] = {"event": "cart_add", "count": {"at_least": 3}, "within": "PT1H"}
ABANDONED = CARTED | {"then_not": "order.payment_succeeded"}
SPENT: dict[str, Any] = {"revenue": {"currency": "EUR", "at_least": 10_000}, "within": "P30D"}
LAPSED: dict[str, Any] = {
    "all": [
        {"orders": {"at_least": 1}},
        {"not": {"orders": {"at_least": 1}, "within": "PT720H"}},
    ]
}
LEADER = {"attribute": "role", "is": "leader"}
QUIET = {"not": {"event": "page_view", "within": "PT48H"}}
PAID = "order.payment_succeeded"

Runs = list[tuple[str, str | None]]


class Vector(NamedTuple):
    filters: dict[str, Any]
    person: Person
    runs: Runs
    zone: ZoneInfo = UTC


def _spender() -> Person:
    return Person().paid("A", 8_000, "1 15:00").paid("B", 3_000, "5 09:00")


def _with_refund(cents: int) -> Person:
    spender = _spender().paid("C", 5_000, "5 10:00", currency="USD")
    return spender.paid("A", 8_000, "1 15:00", (cents, "6 12:00"))


VECTORS = {
    "a cart": Vector(CARTED, Person().did("cart_add", "2 10:00"), [("2 10:00", "3 10:00")]),
    "two carts are one run": Vector(
        CARTED, Person().did("cart_add", "2 10:00", "2 20:00"), [("2 10:00", "3 20:00")]
    ),
    "three carts in an hour": Vector(
        THREE_CARTS,
        Person().did("cart_add", "2 10:00", "2 10:20", "2 10:50", "2 10:55"),
        [("2 10:50", "2 11:20")],
    ),
    "three carts, the fourth never": Vector(
        THREE_CARTS,
        Person().did("cart_add", "2 10:00", "2 10:20", "2 10:50"),
        [("2 10:50", "2 11:00")],
    ),
    "a cart, paid, a cart": Vector(
        ABANDONED,
        Person().did("cart_add", "2 10:00", "2 13:00").did(PAID, "2 12:00"),
        [("2 10:00", "2 12:00"), ("2 13:00", "3 13:00")],
    ),
    "paid in the cart's millisecond": Vector(
        ABANDONED, Person().did("cart_add", "2 10:00").did(PAID, "2 10:00"), []
    ),
    "a copy of a cart": Vector(
        THREE_CARTS, Person().did("cart_add", "2 10:00", "2 10:00", "2 10:20"), []
    ),
    "revenue less a refund": Vector(SPENT, _with_refund(2_500), [("5 09:00", "6 12:00")]),
    "revenue without a refund": Vector(SPENT, _spender(), [("5 09:00", "31 00:00")]),
    "a refund above what was paid": Vector(SPENT, _with_refund(10_000), [("5 09:00", "6 12:00")]),
    "what is left after a refund above what was paid": Vector(
        {"revenue": {"currency": "EUR", "at_least": 3_000}, "within": "P30D"},
        _with_refund(10_000),
        [("1 15:00", "2026-04-04T00:00:00Z")],
    ),
    "lapsed": Vector(
        LAPSED,
        Person().paid("A", 100, "1 00:00").paid("B", 100, "2026-04-10T08:00:00Z"),
        [("31 00:00", "2026-04-10T08:00:00Z"), ("2026-05-10T08:00:00Z", "2028-04-10T00:00:00Z")],
    ),
    "an order refunded whole is none": Vector(
        {"orders": {"at_least": 1}, "within": "P2D"},
        Person().paid("A", 100, "2 10:00", (60, "2 11:00"), (40, "2 12:00")),
        [("2 10:00", "2 12:00")],
    ),
    "a free order is one": Vector(
        {"orders": {"exactly": 1}, "within": "P1D"},
        Person().paid("A", 0, "2 10:00"),
        [("2 10:00", "3 00:00")],
    ),
    "orders of a product": Vector(
        {"orders": {"at_least": 1}, "product": "cup", "within": "PT2H"},
        Person()
        .paid("A", 100, "2 10:00", products=["tea"])
        .paid("B", 100, "2 12:00", products=["cup", "tea"]),
        [("2 12:00", "2 14:00")],
    ),
    "calendar days in spring": Vector(
        {"event": "cart_add", "within": "P2D"},
        Person().did("cart_add", "2026-03-28T12:00:00+01:00"),
        [("2026-03-28T11:00:00Z", "2026-03-29T22:00:00Z")],
        BERLIN,
    ),
    "calendar days in autumn": Vector(
        {"event": "cart_add", "within": "P2D"},
        Person().did("cart_add", "2026-10-24T12:00:00+02:00"),
        [("2026-10-24T10:00:00Z", "2026-10-25T23:00:00Z")],
        BERLIN,
    ),
    "elapsed time in spring": Vector(
        {"event": "cart_add", "within": "PT48H"},
        Person().did("cart_add", "2026-03-28T12:00:00+01:00"),
        [("2026-03-28T11:00:00Z", "2026-03-30T11:00:00Z")],
        BERLIN,
    ),
    "consent withdrawn and given": Vector(
        CARTED,
        Person()
        .did("cart_add", "2 12:00", "2 14:00")
        .consent("withdrawn", "2 11:00")
        .consent("given", "2 13:00"),
        [("2 14:00", "3 14:00")],
    ),
    "two carts around a withdrawal": Vector(
        CARTED | {"count": {"at_least": 2}},
        Person()
        .did("cart_add", "2 12:00", "2 14:00")
        .consent("withdrawn", "2 11:00")
        .consent("given", "2 13:00"),
        [],
    ),
    "an account deleted and created again": Vector(
        {"any": [CARTED, {"orders": {"at_least": 1}}]},
        Person()
        .did("cart_add", "4 09:00")
        .paid("A", 100, "2 10:30")
        .account("deleted", "2 11:00")
        .account("opened", "4 08:00"),
        [("2 10:30", "2 11:00"), ("4 09:00", "5 09:00")],
    ),
    "an order counts without consent for what was tracked": Vector(
        {"orders": {"at_least": 1}, "within": "P1D"},
        Person()
        .paid("A", 100, "2 10:00")
        .consent("withdrawn", "2 11:00")
        .consent("given", "2 13:00"),
        [("2 10:00", "2 11:00"), ("2 13:00", "3 00:00")],
    ),
    "a role": Vector(
        LEADER,
        Person()
        .has("role", "buyer", "3 09:00")
        .has("role", "leader", "2 09:00")
        .has("role", "buyer", "1 09:00"),
        [("2 09:00", "3 09:00")],
    ),
    "no role is no leader": Vector(
        {"attribute": "role", "is_not": "leader"},
        Person().did("view", "1 08:00").has("role", "leader", "2 09:00"),
        [("1 08:00", "2 09:00")],
    ),
    "a country among several": Vector(
        {"attribute": "country", "in": ["DE", "$country"]},
        Person().has("country", "DE", "2 09:00").has("country", "FR", "3 09:00"),
        [("2 09:00", "3 09:00")],
    ),
    "a browser is known until consent is withdrawn": Vector(
        {"attribute": "browser", "exists": True},
        Person()
        .has("browser", "Firefox", "2 09:00")
        .consent("withdrawn", "2 12:00")
        .consent("given", "2 13:00"),
        [("2 09:00", "2 12:00")],
    ),
    "a cart of the future": Vector(
        CARTED, Person().did("cart_add", "2 20:00"), [("2 20:00", "3 20:00")]
    ),
    "quiet, known by a cart": Vector(
        QUIET, Person().did("cart_add", "1 10:00"), [("1 10:00", None)]
    ),
    "quiet, known by a page": Vector(
        QUIET, Person().did("page_view", "1 10:00"), [("3 10:00", None)]
    ),
    "newcomers": Vector(
        {"seen": "first", "within": "P2D"},
        Person().did("view", "1 10:00", "2 10:00"),
        [("1 10:00", "3 00:00")],
    ),
    "seen lately": Vector(
        {"seen": "last", "within": "PT1H"},
        Person().did("view", "1 10:00").has("role", "x", "1 09:00").did("custom", "1 10:30"),
        [("1 10:00", "1 11:30")],
    ),
    "carts of one event": Vector(
        {"event": "cart_add", "where": {"event_id": "$gala.x"}, "within": "PT1H"},
        Person()
        .did("cart_add", "2 10:00", event_id="$gala.x")
        .did("cart_add", "2 12:00", event_id="ball"),
        [("2 10:00", "2 11:00")],
    ),
    "none of a kind": Vector(
        {"event": "cart_add", "count": {"exactly": 0}, "within": "PT1H", "then_not": PAID},
        Person().did("view", "2 09:00").did("cart_add", "2 10:00").did(PAID, "2 10:30"),
        [("2 09:00", "2 10:00"), ("2 11:00", None)],
    ),
}
