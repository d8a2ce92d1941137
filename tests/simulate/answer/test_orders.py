"""Users, orders and their money: the groups count the same as the known answer."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers import order_funnel, revenue, user_lifecycle
from daybook.engine.group import Group
from daybook.engine.partition import Partition
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.compare import all_differences, by_document
from daybook.simulate.answer.entry import ORDERS, USERS, Entry
from daybook.simulate.answer.order_funnels import shares
from daybook.simulate.plan import Plan
from daybook.simulate.storefront import storefront
from tests.fakes.memory_store import MemoryStore
from tests.support.log import LogMessage
from tests.support.order_traffic import Orders
from tests.support.recounting import HandLog
from tests.support.runner import RULES, FakeDeadLetters, Lane, Runner
from tests.support.times import SAME_TIMES

GROUPS: tuple[tuple[Group, str], ...] = (
    (order_funnel.GROUP, ORDERS),
    (revenue.GROUP, ORDERS),
    (user_lifecycle.GROUP, USERS),
)
ARRIVED_MS = 1_798_675_200_000  # 2026-12-31T00:00:00Z
DAY = "2026-01-01"
FUNNEL_DAY = f"default:f:{DAY}"
CUP = {"product_id": "cup", "quantity": 2, "price_cents": 200}
TEA = {"product_id": "tea", "quantity": 1, "price_cents": 100}


def counted(entries: Sequence[Entry]) -> MemoryStore:
    store = MemoryStore()
    for group, topic in GROUPS:
        (source,) = group.sources
        log = [
            LogMessage(
                at, json.dumps(e.event).encode(), source.key_of(e.event).encode(), ARRIVED_MS
            )
            for at, e in enumerate(e for e in entries if e.topic == topic)
        ]
        runner = Runner(store, FakeDeadLetters(), group, Lane(Partition(topic, topic, 0), log))
        while runner.next < len(log):
            runner.settle(40)
    return store


def assert_is_the_answer(entries: Sequence[Entry]) -> None:
    store = counted(entries)
    expected = by_document(answer(entries, leaders=RULES.leader_roles))
    models = [model for group, _ in GROUPS for model in group.documents]
    stored = {
        (model.collection, name): document
        for model in models
        for name, document in store.collections.get(model.collection, {}).items()
    }
    assert expected
    assert list(all_differences(stored, expected)) == []


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_orders_count_right_whatever_the_order_of_their_events(seed: int) -> None:
    orders = Orders(seed)
    orders.write(120)
    assert_is_the_answer([Entry(ORDERS, event, 0) for event in orders.events])


def test_all_orders_and_accounts_of_a_storefront_count_right() -> None:
    messages = storefront(Plan(3_000, seed=3, start=date(2026, 1, 5), days=14))
    assert_is_the_answer(
        [Entry(m.topic, m.event, 0) for m in messages if m.topic in (ORDERS, USERS)]
    )


def test_times_in_any_form_and_ids_of_any_text_count_the_same() -> None:
    log = HandLog()
    ids = ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav", "Zählung 2026/17"]
    ids += [(uuid := "abcdef00-0000-4000-8000-00000000000a"), uuid.upper(), ids[0]]
    for number, (text, _) in enumerate(SAME_TIMES):
        log.pay(100, order=f"o{number}", at=text, id=f"event {number:04d}")
    for id in ids:
        log.order("created", order="p", id=id, currency="EUR", total_cents=1, items=[])
    entries = [Entry(ORDERS, json.loads(message.raw or b""), 0) for message in log.messages]
    assert_is_the_answer(entries)
    assert fields(log, "analytics_order_funnel", DAY)["orders_created"] == 4
    days = Counter(at[:10] for _, at in SAME_TIMES)
    for day, payments in days.items():
        assert fields(log, "analytics_revenue", day)["paid_orders"] == payments


def fields(log: HandLog, collection: str, name: str) -> dict[str, Any]:
    entries = (Entry(ORDERS, json.loads(message.raw or b""), 0) for message in log.messages)
    found = [x for x in answer(entries) if (x["collection"], x["_id"]) == (collection, name)]
    return dict(found[0]["fields"])


def create(log: HandLog, items: Iterable[dict[str, Any]], **more: Any) -> None:
    data = {"currency": "EUR", "total_cents": 500, "funnel_id": "f", "items": list(items)}
    log.order("created", "o", f"{DAY}T08:00:00Z", **data | more)


def test_a_payment_counts_for_the_day_its_owner_and_the_funnel() -> None:
    log = HandLog()
    create(log, [CUP, TEA], step_id="pay")
    log.pay(500)
    log.attribute(community_id="riders", source="Google")
    day = fields(log, "analytics_revenue", DAY)
    assert (day["paid_orders"], day["gross_revenue_cents"]) == (1, 500)
    assert day["revenue_by_community"] == {"riders": 500}
    assert day["revenue_by_promotion"] == {"unattributed": 500}
    assert day["currencies"]["EUR"]["paid_orders"] == 1
    funnel = fields(log, "analytics_funnel_revenue", FUNNEL_DAY)
    part = {"orders": 1, "revenue_cents": 500, "refunded_cents": 0}
    assert funnel["by_source"] == {"Google": part}
    assert funnel["by_step"] == {"pay": part}
    assert {name: own["revenue_cents"] for name, own in funnel["products"].items()} == {
        "cup": 400,
        "tea": 100,
    }


def test_refunds_beyond_the_payment_count_as_excess() -> None:
    log = HandLog()
    log.refund(300, day=DAY)
    log.pay(500)
    log.refund(400, day=DAY)
    day = fields(log, "analytics_revenue", DAY)
    assert (day["refunded_orders"], day["refunded_cents"]) == (1, 500)
    assert day["refund_excess_cents"] == 200


def test_a_deposit_and_its_balance_add_up_and_a_second_payment_is_told() -> None:
    log = HandLog()
    log.order("created", currency="EUR", total_cents=500)
    log.pay(100)
    log.pay(400)
    log.pay(70)
    day = fields(log, "analytics_revenue", DAY)
    assert (day["paid_orders"], day["gross_revenue_cents"]) == (1, 500)
    assert (day["duplicate_payments"], day["duplicate_payment_cents"]) == (1, 70)


def test_a_failed_refund_gives_back_on_its_own_day() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(400, day=DAY)
    log.reverse(900, day="2026-01-03")
    day = fields(log, "analytics_revenue", "2026-01-03")
    assert (day["refunded_cents"], day["refund_reversed_cents"]) == (-400, 400)


def test_after_a_thousand_refunds_what_is_not_covered_is_excess_for_good() -> None:
    log = HandLog()
    log.pay(1_000)
    for _ in range(1_000):
        log.refund(1, day=DAY)
    log.reverse(5, day=DAY)
    log.refund(20, day=DAY)
    log.pay(500, installment=True)
    entries = [Entry(ORDERS, json.loads(message.raw or b""), 0) for message in log.messages]
    assert_is_the_answer(entries)
    day = fields(log, "analytics_revenue", DAY)
    assert (day["refunded_cents"], day["refund_excess_cents"]) == (1_000, 15)


def test_two_currencies_are_never_added() -> None:
    log = HandLog()
    log.pay(500)
    log.pay(7, order="p", currency="USD")
    day = fields(log, "analytics_revenue", DAY)
    assert (day["paid_orders"], day["gross_revenue_cents"]) == (2, None)
    assert day["currencies"]["USD"]["gross_revenue_cents"] == 7


@pytest.mark.parametrize(
    ("cents", "worth", "parts"),
    [
        (100, {"a": 5, "b": 5, "c": 5}, {"a": 34, "b": 33, "c": 33}),
        (1, {"b": 1, "a": 1}, {"a": 1, "b": 0}),
        (5, {"a": 0, "b": 9}, {"a": 0, "b": 5}),
        (5, {"a": 0}, {"a": 0}),
        (5, {}, {}),
    ],
)
def test_cents_are_shared_by_worth(
    cents: int, worth: dict[str, int], parts: dict[str, int]
) -> None:
    assert shares(cents, worth) == parts
