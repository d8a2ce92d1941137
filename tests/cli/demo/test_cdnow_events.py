"""Purchases become events by fixed rules: valid events, whose payments equal the purchases."""

import json
import uuid
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from daybook.cli.demo.cdnow import Purchase
from daybook.cli.demo.cdnow_events import NAMESPACE, ORDERS, PREFIX, USERS, Event, purchase_events
from daybook.engine.decode.parse import read
from schemas.catalogue import source

FIRST_DAY = datetime(1997, 1, 1, tzinfo=UTC)
PURCHASES = [
    Purchase(
        f"{number % 300:05}", FIRST_DAY + timedelta(days=number * 7 % 540), number * 37 % 9_000
    )
    for number in range(1_000)
] + [Purchase("00007", FIRST_DAY + timedelta(days=49), cents) for cents in (0, 0, 1_299)]


@cache
def events() -> list[Event]:
    return purchase_events(PURCHASES)


@cache
def orders() -> dict[str, list[Any]]:
    """Each order's events, in publishing order."""
    by_order = defaultdict(list)
    for event in events():
        if event.topic == ORDERS:
            by_order[event.key].append(json.loads(event.value))
    return dict(by_order)


def of_type(event_type: str) -> list[Any]:
    values = [json.loads(event.value) for event in events()]
    return [event for event in values if event["event_type"] == event_type]


def test_the_same_purchases_give_the_same_bytes() -> None:
    assert purchase_events(PURCHASES) == purchase_events(list(PURCHASES)) == events()


def test_event_ids_never_change() -> None:
    of_purchase = purchase_events([Purchase("00001", FIRST_DAY, 1_177)])
    created = next(event for event in of_purchase if b'"order.created"' in event.value)
    assert created.key == "cdnow-00001-19970101-1"
    assert created.event_id == str(uuid.uuid5(NAMESPACE, "cdnow-00001-19970101-1:order.created:1"))
    assert str(NAMESPACE) == "c1b7634b-44cc-4bd1-bd06-3e91996c17f5"


def test_event_ids_are_unique() -> None:
    ids = Counter(event.event_id for event in events())
    assert max(ids.values()) == 1


def test_every_event_is_valid_by_the_catalogue() -> None:
    for event in events():
        assert event.topic in (ORDERS, USERS)
        parsed = read(source(event.topic), event.value)
        assert source(event.topic).key_of(parsed) == event.key
        assert event.key.startswith(PREFIX)
        assert (parsed["event_id"], parsed["occurred_at"]) == (event.event_id, event.occurred_at)


def test_events_are_published_in_the_order_of_their_time() -> None:
    moments = [datetime.fromisoformat(event.occurred_at) for event in events()]
    assert moments == sorted(moments)


def test_every_purchase_is_paid_once_and_exactly_on_its_day() -> None:
    paid = of_type("order.payment_succeeded")
    assert Counter((e["occurred_at"][:10], e["data"]["amount_cents"]) for e in paid) == Counter(
        (f"{purchase.day:%Y-%m-%d}", purchase.cents) for purchase in PURCHASES
    )
    assert {event["data"]["currency"] for event in paid} == {"USD"}
    assert len({event["data"]["order_id"] for event in paid}) == len(PURCHASES)


def test_purchases_of_the_same_customer_and_day_are_numbered() -> None:
    day = f"{FIRST_DAY + timedelta(days=49):%Y%m%d}"
    ids = {id for id in orders() if id.startswith(f"cdnow-00007-{day}-")}
    assert ids == {f"cdnow-00007-{day}-{number}" for number in (1, 2, 3, 4)}


def test_nothing_is_cancelled_or_refunded() -> None:
    kinds = Counter(json.loads(event.value)["event_type"] for event in events())
    assert kinds["order.cancelled"] == kinds["order.refunded"] == 0
    assert set(kinds) == {
        *("user.created", "user.verified", "order.created", "order.payment_initiated"),
        *("order.payment_failed", "order.payment_succeeded", "order.confirmed"),
        *("order.shipped", "order.delivered", "order.attribution_recorded"),
    }


def test_an_order_reaches_its_states_in_order() -> None:
    states = ["order.created", "order.payment_initiated", "order.payment_succeeded"]
    states += ["order.confirmed", "order.shipped", "order.delivered"]
    for history in orders().values():
        moments = [event["occurred_at"] for event in history]
        assert len(set(moments)) == len(moments)
        kinds = [event["event_type"] for event in history if event["event_type"] in states]
        reached = list(dict.fromkeys(kinds))
        assert reached == states[: len(reached)] and len(reached) in (4, 6)


def test_a_failed_payment_is_retried() -> None:
    for history in orders().values():
        kinds = [e["event_type"] for e in history if "payment" in e["event_type"]]
        failures = kinds.count("order.payment_failed")
        assert kinds.count("order.payment_initiated") == 1 + failures
        assert kinds[-1] == "order.payment_succeeded"


def test_users_register_once_before_their_first_order() -> None:
    registered = {e["data"]["user_id"]: e["occurred_at"] for e in of_type("user.created")}
    assert registered.keys() == {f"cdnow-{purchase.customer}" for purchase in PURCHASES}
    assert len(of_type("user.created")) == len(registered)
    for order in of_type("order.created"):
        assert registered[order["data"]["user_id"]] < order["occurred_at"]


def test_some_attributions_come_before_the_payment_and_some_after() -> None:
    before = after = 0
    for history in orders().values():
        kinds = [event["event_type"] for event in history]
        if "order.attribution_recorded" in kinds:
            paid = kinds.index("order.payment_succeeded")
            early = kinds.index("order.attribution_recorded") < paid
            before, after = before + early, after + (not early)
    assert before > after > 0
