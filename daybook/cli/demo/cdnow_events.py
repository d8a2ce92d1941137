"""The fixed rule that makes a shop's events of CDNOW's purchases: no clock, no chance.

A customer registers ten minutes before their first order, and four in five confirm their address.
A purchase is an order: created, its payment initiated, succeeded, confirmed, all within minutes of
one day (UTC); one in sixteen fails to pay at first and tries again. One in four is sent by mail:
shipped the next day, delivered one to four days later. One in five is owed to a community, to a
promotion or to both, which one in four of those learns only the day after it was paid. Nothing is
cancelled or refunded, so the sums of the documents are CDNOW's own. Hours, and who is one of how
many, come from a digest of the order's or the user's name.
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
"""What every key of the demo begins with."""

COMMUNITIES = ("jazz-club", "indie-nights", "classical-circle", "vinyl-exchange")
PROMOTIONS = ("free-shipping", "second-cd-half-price", "newsletter")

_OPENS = timedelta(hours=7)
_OPEN_SECONDS = 15 * 3600
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class Event(NamedTuple):
    """One message; `occurred_at` sorts as text, because all of them are written alike in UTC."""

    occurred_at: str
    topic: str
    key: str
    event_id: str
    value: bytes


class _Order(NamedTuple):
    """A purchase with a name, the moment it was made, and its dice: 32 bytes."""

    id: str
    user_id: str
    created: datetime
    cents: int
    dice: bytes


def shop(purchases: Iterable[Purchase]) -> list[Event]:
    """Every event of the purchases, as they happen one after another."""
    first: dict[str, datetime] = {}
    events: list[Event] = []
    for order in _orders(purchases):
        user, created = order.user_id, order.created
        first[user] = min(created, first.get(user, created))
        events += _order_events(order)
    for user, created in first.items():
        events += _user_events(user, created)
    # Stable: what one order does in one second keeps its order.
    events.sort(key=lambda event: event.occurred_at)
    return events


def _orders(purchases: Iterable[Purchase]) -> Iterator[_Order]:
    """Several purchases of a customer and a day are numbered as they stand in the file."""
    seen: Counter[tuple[str, datetime]] = Counter()
    for purchase in purchases:
        customer, day, cents = purchase
        seen[customer, day] += 1
        name = f"{PREFIX}{customer}-{day:%Y%m%d}-{seen[customer, day]}"
        dice = _dice(name)
        created = day + _OPENS + timedelta(seconds=_roll(dice, 0) % _OPEN_SECONDS)
        yield _Order(name, f"{PREFIX}{customer}", created, cents, dice)


def _order_events(order: _Order) -> Iterator[Event]:
    at, dice = order.created, order.dice
    one = {"order_id": order.id}
    paid = {**one, "currency": "USD", "amount_cents": order.cents}
    placed = {**one, "currency": "USD", "total_cents": order.cents, "user_id": order.user_id}
    yield _order_event("order.created", at, placed)
    owed = _owed_to(dice)
    late = dice[6] % 4 == 0
    if owed and not late:
        yield _order_event("order.attribution_recorded", at + _MINUTE / 2, {**one, **owed})
    at += _MINUTE
    yield _order_event("order.payment_initiated", at, paid)
    if dice[4] % 16 == 0:
        yield _order_event("order.payment_failed", at + _MINUTE / 3, {**one, "reason": "declined"})
        at += 2 * _MINUTE
        yield _order_event("order.payment_initiated", at, paid, attempt=2)
    yield _order_event("order.payment_succeeded", at + _MINUTE / 4, paid)
    yield _order_event("order.confirmed", at + _MINUTE / 3, one)
    if owed and late:
        yield _order_event("order.attribution_recorded", at + _DAY, {**one, **owed})
    if dice[5] % 4 == 0:
        shipped = at + _DAY + dice[7] * _MINUTE
        yield _order_event("order.shipped", shipped, one)
        yield _order_event("order.delivered", shipped + (1 + dice[8] % 4) * _DAY, one)


def _owed_to(dice: bytes) -> dict[str, str]:
    """The community, the promotion, both, or for four in five nobody."""
    if dice[9] % 5:
        return {}
    whom = dice[10] % 3
    owed = {}
    if whom != 0:
        owed["community_id"] = COMMUNITIES[dice[11] % len(COMMUNITIES)]
    if whom != 1:
        owed["promotion_id"] = PROMOTIONS[dice[12] % len(PROMOTIONS)]
    return owed


def _user_events(user: str, first_order: datetime) -> Iterator[Event]:
    dice = _dice(user)
    created = first_order - 10 * _MINUTE
    one = {"user_id": user}
    yield _event(USERS, user, "user.created", created, one)
    if dice[4] % 5:
        yield _event(USERS, user, "user.verified", created + (1 + dice[5]) * _MINUTE, one)


def _order_event(name: str, at: datetime, data: Mapping[str, Any], attempt: int = 1) -> Event:
    return _event(ORDERS, data["order_id"], name, at, data, attempt)


def _event(
    topic: str, key: str, name: str, at: datetime, data: Mapping[str, Any], attempt: int = 1
) -> Event:
    occurred_at = at.isoformat().replace("+00:00", "Z")
    event_id = str(uuid.uuid5(NAMESPACE, f"{key}:{name}:{attempt}"))
    event = {
        "event_id": event_id,
        "event_type": name,
        "occurred_at": occurred_at,
        "schema_version": 1,
        "data": data,
    }
    return Event(occurred_at, topic, key, event_id, json.dumps(event).encode())


def _dice(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _roll(dice: bytes, where: int) -> int:
    return int.from_bytes(dice[where : where + 4], "big")
