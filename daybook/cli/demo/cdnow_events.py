"""Turns CDNOW's purchases into events by fixed rules, without a clock or randomness.

A customer registers ten minutes before their first order, and four in five verify their address.
A purchase is an order: it is created, its payment is initiated and succeeds, and it is confirmed,
all within minutes of one day (UTC). For one in sixteen the first payment fails and a second one
succeeds. One in four is shipped the next day and delivered one to four days later. One in five is
attributed to a community, a promotion or both; one in four of these attributions comes a day late.
Nothing is cancelled or refunded, so the documents' sums equal CDNOW's. Hours and choices come from
a digest of the order's or the user's id.
"""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from daybook.cli.demo.cdnow import Purchase

USERS = "sc.domain.user"
ORDERS = "sc.domain.order"
NAMESPACE = uuid.UUID("c1b7634b-44cc-4bd1-bd06-3e91996c17f5")
PREFIX = "cdnow-"
"""The prefix of every key of the demo."""

COMMUNITIES = ("jazz-club", "indie-nights", "classical-circle", "vinyl-exchange")
PROMOTIONS = ("free-shipping", "second-cd-half-price", "newsletter")

_OPENS = timedelta(hours=7)
_OPEN_SECONDS = 15 * 3600
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class Event(NamedTuple):
    """One message. `occurred_at` can be sorted as text: all have the same format, in UTC."""

    occurred_at: str
    topic: str
    key: str
    event_id: str
    value: bytes


class _Order(NamedTuple):
    """A purchase with an id and a time; `digest`, 32 bytes, decides what happens to it."""

    id: str
    user_id: str
    created: datetime
    cents: int
    digest: bytes


def purchase_events(purchases: Iterable[Purchase]) -> list[Event]:
    """Every event of the purchases, by time."""
    first_orders: dict[str, datetime] = {}
    events: list[Event] = []
    for order in _orders(purchases):
        user, created = order.user_id, order.created
        first_orders[user] = min(created, first_orders.get(user, created))
        events += _order_events(order)
    for user, created in first_orders.items():
        events += _user_events(user, created)
    # The sort is stable, so events of an order within the same second keep their order.
    events.sort(key=lambda event: event.occurred_at)
    return events


def _orders(purchases: Iterable[Purchase]) -> Iterator[_Order]:
    """Several purchases by a customer on the same day are numbered in the order of the file."""
    counts: Counter[tuple[str, datetime]] = Counter()
    for purchase in purchases:
        customer, day, cents = purchase
        counts[customer, day] += 1
        order_id = f"{PREFIX}{customer}-{day:%Y%m%d}-{counts[customer, day]}"
        digest = _digest(order_id)
        created = day + _OPENS + timedelta(seconds=_number(digest, 0) % _OPEN_SECONDS)
        yield _Order(order_id, f"{PREFIX}{customer}", created, cents, digest)


def _order_events(order: _Order) -> Iterator[Event]:
    at, digest = order.created, order.digest
    by_id = {"order_id": order.id}
    payment = {**by_id, "currency": "USD", "amount_cents": order.cents}
    placed = {**by_id, "currency": "USD", "total_cents": order.cents, "user_id": order.user_id}
    yield _order_event("order.created", at, placed)
    credited = _attribution(digest)
    late = digest[6] % 4 == 0
    if credited and not late:
        yield _order_event("order.attribution_recorded", at + _MINUTE / 2, {**by_id, **credited})
    at += _MINUTE
    yield _order_event("order.payment_initiated", at, payment)
    if digest[4] % 16 == 0:
        failed = {**by_id, "reason": "declined"}
        yield _order_event("order.payment_failed", at + _MINUTE / 3, failed)
        at += 2 * _MINUTE
        yield _order_event("order.payment_initiated", at, payment, attempt=2)
    yield _order_event("order.payment_succeeded", at + _MINUTE / 4, payment)
    yield _order_event("order.confirmed", at + _MINUTE / 3, by_id)
    if credited and late:
        yield _order_event("order.attribution_recorded", at + _DAY, {**by_id, **credited})
    if digest[5] % 4 == 0:
        shipped = at + _DAY + digest[7] * _MINUTE
        yield _order_event("order.shipped", shipped, by_id)
        yield _order_event("order.delivered", shipped + (1 + digest[8] % 4) * _DAY, by_id)


def _attribution(digest: bytes) -> dict[str, str]:
    """The community, the promotion or both that an order is credited to; empty for four in five."""
    if digest[9] % 5:
        return {}
    choice = digest[10] % 3
    credited = {}
    if choice != 0:
        credited["community_id"] = COMMUNITIES[digest[11] % len(COMMUNITIES)]
    if choice != 1:
        credited["promotion_id"] = PROMOTIONS[digest[12] % len(PROMOTIONS)]
    return credited


def _user_events(user: str, first_order: datetime) -> Iterator[Event]:
    digest = _digest(user)
    created = first_order - 10 * _MINUTE
    by_id = {"user_id": user}
    yield _event(USERS, user, "user.created", created, by_id)
    if digest[4] % 5:
        yield _event(USERS, user, "user.verified", created + (1 + digest[5]) * _MINUTE, by_id)


def _order_event(event_type: str, at: datetime, data: Mapping[str, Any], attempt: int = 1) -> Event:
    return _event(ORDERS, data["order_id"], event_type, at, data, attempt)


def _event(
    topic: str, key: str, event_type: str, at: datetime, data: Mapping[str, Any], attempt: int = 1
) -> Event:
    occurred_at = at.isoformat().replace("+00:00", "Z")
    event_id = str(uuid.uuid5(NAMESPACE, f"{key}:{event_type}:{attempt}"))
    event = {
        "event_id": event_id,
        "event_type": event_type,
        "occurred_at": occurred_at,
        "schema_version": 1,
        "data": data,
    }
    return Event(occurred_at, topic, key, event_id, json.dumps(event).encode())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _number(digest: bytes, offset: int) -> int:
    return int.from_bytes(digest[offset : offset + 4], "big")
