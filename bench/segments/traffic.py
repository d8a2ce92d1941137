"""Generates a shop's people and their visits by a formula."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from bench.segments.definitions import Defined

USERS, ORDERS, TRACKING = "sc.domain.user", "sc.domain.order", "sc.tracking.funnel"
DEFINITIONS = "sc.analytics.segments"
SIGNED_UP = datetime(2026, 3, 1, tzinfo=UTC)
FIRST_DAY, DAYS = datetime(2026, 3, 2, tzinfo=UTC), 2

# Visits overlap: between two events of one visit there are about 8,000 of others.
ROUNDS_APART = 2_000
# Odd, so that multiplying by them gives every event another id, and neighbours other people.
_SCATTER, _PEOPLE_SCATTER = 0x9E3779B97F4A7C15F39CC0605CEDC835, 7_368_787
_COUNTRIES = ("DE", "AT", "FR", "NL", "ES")
_BROWSERS, _CHANNELS = ("firefox", "chrome", "safari"), ("paid", "organic", "direct", "email")


class Message(NamedTuple):
    """A message for a topic."""

    topic: str
    key: str
    value: bytes


Step = tuple[str, str]
"""A topic, and the type of an event."""

_BROWSING: tuple[Step, ...] = ((TRACKING, "page_view"), (TRACKING, "view"), (TRACKING, "page_view"))
_VISITS: tuple[tuple[Step, ...], ...] = (
    (*_BROWSING, (TRACKING, "view")),
    (*_BROWSING, (TRACKING, "cart_add")),
    (*_BROWSING, (TRACKING, "view")),
    (
        (TRACKING, "view"),
        (TRACKING, "cart_add"),
        (TRACKING, "checkout_start"),
        (ORDERS, "order.created"),
        (ORDERS, "order.payment_succeeded"),
    ),
    ((USERS, "user.login_succeeded"), (TRACKING, "page_view"), (TRACKING, "view")),
)
_NEW_EVERY = 9
_MOST_STEPS = max(map(len, _VISITS))


class Traffic:
    """So many people sign up, and then have visits with about so many events, over two days.

    A person has a user and a visitor. One visit in nine is on a new device, so by a visitor of its
    own, who is merged into the user if the visit comes to the check-out. People are of
    `organizations` in turn; views are of `events` ticketed events.
    """

    def __init__(self, people: int, count: int, organizations: int = 1, events: int = 50) -> None:
        self.people = people
        self._events = events
        self._organizations = organizations
        self._visits, self.count = 0, 0
        while self.count < count:
            self.count += len(_VISITS[self._visits % len(_VISITS)])
            self._visits += 1
        self._sent = 0

    @property
    def end(self) -> datetime:
        """When all of it has happened."""
        return FIRST_DAY + timedelta(days=DAYS)

    def sign_ups(self) -> Iterator[Message]:
        """Two events a person: an account, and a first page that names visitor and user."""
        for person in range(self.people):
            at = SIGNED_UP + timedelta(hours=20) * person / self.people
            country = _COUNTRIES[person % len(_COUNTRIES)]
            data = {"country": country, "role": "buyer" if person % 2 else "leader"}
            yield self._message(USERS, "user.created", at, person, data)
            visitor = {"visitor_id": f"v{person}", "session_id": "s", "user_id": f"u{person}"}
            yield self._message(TRACKING, "page_view", at, person, visitor)

    def visits(self) -> Iterator[Message]:
        """All events of visits, in the order of their times."""
        rounds = self._visits + (_MOST_STEPS - 1) * ROUNDS_APART
        for number in range(rounds):
            at = FIRST_DAY + timedelta(days=DAYS) * number / rounds
            for place in range(_MOST_STEPS):
                visit = number - place * ROUNDS_APART
                steps = _VISITS[visit % len(_VISITS)]
                if 0 <= visit < self._visits and place < len(steps):
                    yield self._step(visit, *steps[place], at)

    def _step(self, visit: int, topic: str, event_type: str, at: datetime) -> Message:
        person = visit * _PEOPLE_SCATTER % self.people
        if topic == USERS:
            return self._message(topic, event_type, at, person, {})
        if topic == ORDERS:
            data: dict[str, Any] = {"order_id": f"o{visit}", "currency": "EUR"}
            cents = 500 + visit * 7_919 % 20_000
            if event_type == "order.created":
                data |= {"user_id": f"u{person}", "total_cents": cents}
            else:
                data |= {"amount_cents": cents}
            return self._message(topic, event_type, at, person, data)
        context = {
            "device_type": "mobile" if person % 3 else "desktop",
            "browser": _BROWSERS[person % len(_BROWSERS)],
            "os": "linux",
            "channel": _CHANNELS[visit % len(_CHANNELS)],
            "source": "newsletter",
        }
        visitor = f"v{person}" if visit % _NEW_EVERY else f"n{visit}"
        data = {"visitor_id": visitor, "session_id": f"s{visit}", "context": context}
        if event_type == "checkout_start":
            data["user_id"] = f"u{person}"
        if event_type != "page_view":
            data["event_id"] = f"e{visit % self._events}"
        return self._message(topic, event_type, at, person, data)

    def _message(
        self, topic: str, event_type: str, at: datetime, person: int, data: dict[str, Any]
    ) -> Message:
        if topic == USERS:
            data = {"user_id": f"u{person}"} | data
        self._sent += 1
        organization = f"shop-{person % self._organizations + 1}"
        value = event(self._sent, event_type, at, organization, data)
        key = {USERS: "user_id", ORDERS: "order_id", TRACKING: "visitor_id"}[topic]
        return Message(topic, data[key], value)


def definitions(defined: Iterable[Defined], first: int = 0) -> Iterator[Message]:
    """The messages that define these segments, the first of which has this number."""
    for number, (organization, segment, filters) in enumerate(defined, start=first):
        data = {"segment_id": segment, "name": segment, "filters": filters, "version": 1}
        value = event(2**64 + number, "segment.defined", SIGNED_UP, organization, data)
        yield Message(DEFINITIONS, segment, value)


def event(
    number: int, event_type: str, at: datetime, organization: str, data: dict[str, Any]
) -> bytes:
    event = {
        "event_id": str(UUID(int=number * _SCATTER % 2**128)),
        "event_type": event_type,
        "occurred_at": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "schema_version": 1,
        "organization_id": organization,
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode()
