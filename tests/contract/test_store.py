"""The contract of a store, which the fake and MongoDB's fulfil alike."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from bson import Decimal128

from daybook.engine.documents.change import Amount, Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import (
    DailyDocument,
    breakdown,
    count_map,
    counter,
    money,
    squares,
)
from daybook.engine.documents.rows import Growth, Row, Tail
from daybook.engine.errors import Refused
from daybook.engine.mongo.client import database
from daybook.engine.mongo.store import MongoStore
from daybook.engine.partition import Partition
from daybook.engine.store import Read, Store
from models.order_funnel import OrderFunnelDay
from models.order_state import OrderState
from models.revenue import RevenueDay
from tests.fakes.memory_store import MemoryStore
from tests.support.world import World

RULES = Rules("UTC", frozenset(), 50, map_keys_max=3)
EVENTS = Growth("events", 3, 300)
HERE = Partition("orders", "topic-id_1", 0)
THERE = replace(HERE, number=1)
FUNNEL = Document(OrderFunnelDay, (), "2026-11-20")
REVENUE = Document(RevenueDay, (), "2026-11-20")
HOME = {"topic_id": "topic-id_1", "partition": 0, "epoch": 0}


class ShelfDay(DailyDocument, collection="shelf_day", key=("shop", "shelf")):
    """Has the kinds of fields that the other models here lack."""

    seen: int = counter()
    value_cents: int | None = money()
    value_cents_squared: int | None = squares()
    visitors: dict[str, int] = count_map()
    reasons: dict[str, dict[str, int]] = count_map(groups=("bounce", "close"))
    sources: dict[str, dict[str, int | None]] = breakdown("visits", money=("value_cents",))
    goods: dict[str, dict[str, int | str | None]] = breakdown(
        "units", money=("value_cents",), named=True
    )


class Subject:
    """A store, and a way to read its documents."""

    def __init__(self, store: Store, read_document: Any) -> None:
        self.store = store
        self._read = read_document

    def read(self, collection: str, key: str) -> dict[str, Any]:
        return dict(self._read(collection, key))

    def stored(self, document: Document) -> dict[str, Any]:
        """The document without the fields that depend on a clock."""
        fields = dict(self._read(document.model.collection, document.id))
        for name in ("_id", "date", "updated_at"):
            fields.pop(name, None)
        meta = fields.pop("_daybook")
        return fields | {"applied": meta["applied"], "first": meta["first"]}


@pytest.fixture(params=["memory", "mongodb"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        memory = MemoryStore(keys_max=3)
        yield Subject(memory, lambda name, key: memory.collections[name][key])
        return
    world: World = request.getfixturevalue("world")
    documents = database(world.settings)
    stamps = {m.collection: 1 for m in (OrderFunnelDay, RevenueDay, OrderState, ShelfDay)}
    stamps["sketches"] = 1
    yield Subject(
        MongoStore(documents, RULES, stamps),
        lambda name, key: documents[name].find_one({"_id": key}),
    )
    documents.client.close()


def funnel(first: int, last: int, **counts: int) -> Change:
    amounts = {Amount("07", name): value for name, value in counts.items()}
    return Change(FUNNEL, first, last, amounts)


def paid(first: int, cents: int, currency: str = "EUR", community: str = "c1") -> Change:
    return Change(
        REVENUE,
        first,
        first,
        {
            Amount("07", "gross_revenue_cents", currency): cents,
            Amount("07", "paid_orders", currency): 1,
            Amount("07", "revenue_by_community", currency, community): cents,
        },
    )


def test_the_first_change_creates_a_complete_document(subject: Subject) -> None:
    assert subject.store.apply([funnel(3, 9, orders_created=4, orders_confirmed=1)], HERE) == []
    assert subject.stored(FUNNEL) == {
        "orders_created": 4,
        "payments_initiated": 0,
        "payments_succeeded": 0,
        "payments_failed": 0,
        "payment_success_rate": None,
        "orders_confirmed": 1,
        "confirmation_rate": 0.25,
        "orders_shipped": 0,
        "orders_delivered": 0,
        "completion_rate": 0.0,
        "orders_cancelled": 0,
        "hours": {
            "07": {
                "orders_created": 4,
                "orders_confirmed": 1,
                "payment_success_rate": None,
                "confirmation_rate": 0.25,
                "completion_rate": 0.0,
            }
        },
        "applied": {"topic-id_1": {"0": 9}},
        "first": {"topic-id_1": {"0": 3}},
    }


def test_a_change_above_the_watermark_adds_up(subject: Subject) -> None:
    subject.store.apply([funnel(3, 9, orders_created=4)], HERE)
    assert subject.store.apply([funnel(10, 12, orders_created=2)], HERE) == []
    stored = subject.stored(FUNNEL)
    assert (stored["orders_created"], stored["applied"]) == (6, {"topic-id_1": {"0": 12}})


@pytest.mark.parametrize(("first", "last"), [(3, 9), (9, 14), (1, 2)])
def test_a_change_that_overlaps_the_watermark_is_refused_whole(
    subject: Subject, first: int, last: int
) -> None:
    subject.store.apply([funnel(3, 9, orders_created=4)], HERE)
    assert subject.store.apply([funnel(first, last, orders_created=2)], HERE) == [FUNNEL]
    assert subject.stored(FUNNEL)["orders_created"] == 4
    assert subject.store.watermarks([FUNNEL], HERE) == {FUNNEL: 9}


def test_each_partition_and_each_incarnation_has_its_own_watermark(subject: Subject) -> None:
    again = replace(HERE, topic_id="topic-id_2")
    for partition in (HERE, THERE, again):
        assert subject.store.apply([funnel(0, 5, orders_created=1)], partition) == []
    stored = subject.stored(FUNNEL)
    assert stored["orders_created"] == 3
    assert stored["applied"] == {"topic-id_1": {"0": 5, "1": 5}, "topic-id_2": {"0": 5}}
    assert subject.store.watermarks([FUNNEL, REVENUE], THERE) == {FUNNEL: 5}


def test_a_refused_document_leaves_the_others_of_its_bulk_applied(subject: Subject) -> None:
    subject.store.apply([funnel(3, 9, orders_created=4)], HERE)
    refused = subject.store.apply([funnel(9, 9, orders_created=1), paid(9, 100)], HERE)
    assert refused == [FUNNEL]
    assert subject.stored(REVENUE)["gross_revenue_cents"] == 100


def test_a_single_currency_is_repeated_at_the_top(subject: Subject) -> None:
    subject.store.apply([paid(1, 100)], HERE)
    subject.store.apply([paid(2, 251)], HERE)
    stored = subject.stored(REVENUE)
    assert stored["gross_revenue_cents"] == 351
    assert stored["average_order_value_cents"] == 176  # 175.5, half to even
    assert stored["revenue_by_community"] == {"c1": 351}
    assert stored["currencies"]["EUR"]["revenue_by_community"] == {"c1": 351}
    assert stored["currencies"]["EUR"]["refunded_by_promotion"] == {}
    assert stored["hours"]["07"]["gross_revenue_cents"] == 351


def test_two_currencies_are_never_added(subject: Subject) -> None:
    subject.store.apply([paid(1, 100)], HERE)
    subject.store.apply([paid(2, 70, "USD")], HERE)
    stored = subject.stored(REVENUE)
    assert stored["gross_revenue_cents"] is None
    assert stored["revenue_by_community"] is None
    assert stored["paid_orders"] == 2
    assert stored["currencies"]["EUR"]["gross_revenue_cents"] == 100
    assert stored["currencies"]["USD"]["average_order_value_cents"] == 70
    assert stored["hours"]["07"] == {"paid_orders": 2}


def test_money_is_zero_before_the_first_amount(subject: Subject) -> None:
    twice = Change(REVENUE, 1, 1, {Amount("07", "duplicate_payments"): 1})
    subject.store.apply([twice], HERE)
    stored = subject.stored(REVENUE)
    assert (stored["gross_revenue_cents"], stored["net_revenue_cents"]) == (0, 0)
    assert (stored["average_order_value_cents"], stored["revenue_by_community"]) == (None, {})
    assert (stored["currencies"], stored["hours"]["07"]["duplicate_payments"]) == ({}, 1)


def test_a_full_map_adds_new_keys_to_other(subject: Subject) -> None:
    for offset, community in enumerate(["c1", "c2", "c3", "c4", "c1", "c5", "unattributed"]):
        subject.store.apply([paid(offset, 10, community=community)], HERE)
    assert subject.stored(REVENUE)["revenue_by_community"] == {
        "c1": 20,
        "c2": 10,
        "c3": 10,
        "other": 20,
        "unattributed": 10,
    }


def test_keys_of_one_change_are_accepted_while_there_is_room(subject: Subject) -> None:
    change = paid(1, 10)
    for community in ("c2", "c3", "c4", "c5"):
        change.add(Amount("07", "revenue_by_community", "EUR", community), 1)
    subject.store.apply([change], HERE)
    named = subject.stored(REVENUE)["revenue_by_community"]
    assert named == {"c1": 10, "c2": 1, "c3": 1, "other": 2}


def test_a_change_may_have_thousands_of_new_keys(subject: Subject) -> None:
    change = paid(1, 10)
    for number in range(2_500):
        change.add(Amount("07", "revenue_by_community", "EUR", f"community-{number:04d}"), 1)
    subject.store.apply([change], HERE)
    named = subject.stored(REVENUE)["revenue_by_community"]
    assert named == {"c1": 10, "community-0000": 1, "community-0001": 1, "other": 2_498}


def test_an_accepted_key_stays_even_at_zero(subject: Subject) -> None:
    subject.store.apply([paid(1, 10)], HERE)
    moved = Change(
        REVENUE,
        2,
        2,
        {
            Amount("07", "revenue_by_community", "EUR", "c1"): -10,
            Amount("07", "revenue_by_community", "EUR", "c2"): 10,
        },
    )
    subject.store.apply([moved], HERE)
    assert subject.stored(REVENUE)["revenue_by_community"] == {"c1": 0, "c2": 10}


def test_an_hour_holds_no_zeros(subject: Subject) -> None:
    subject.store.apply([funnel(1, 1, orders_created=2)], HERE)
    subject.store.apply([funnel(2, 2, orders_created=-2)], HERE)
    stored = subject.stored(FUNNEL)
    assert stored["orders_created"] == 0
    assert "orders_created" not in stored["hours"]["07"]


@pytest.mark.parametrize("name", ["$where", "a$b", "$$ROOT"])
def test_values_from_outside_are_never_evaluated(subject: Subject, name: str) -> None:
    row = Row("rows", "r1", {"title": name, "nested": {"value": [name]}}, last=4)
    subject.store.put([row], HERE)
    subject.store.put([row._replace(values={"title": "late"}, last=4)], HERE)
    stored = subject.read("rows", "r1")
    assert (stored["title"], stored["nested"]) == (name, {"value": [name]})


def test_a_row_is_replaced_until_its_watermark_is_reached(subject: Subject) -> None:
    for last, title in ((4, "four"), (9, "nine"), (7, "seven")):
        subject.store.put([Row("rows", "r1", {"title": title}, last)], HERE)
    assert subject.read("rows", "r1")["title"] == "nine"


def test_a_state_is_created_once_with_its_home(subject: Subject) -> None:
    subject.store.create(OrderState, {"o:1": HOME})
    subject.store.create(OrderState, {"o:1": HOME | {"partition": 3}, "o2": HOME})
    states = subject.store.load(OrderState, ["o:1", "o2", "o3"])
    assert sorted(states) == ["o2", "o:1"]
    assert states["o:1"]["home"] == HOME
    assert states["o:1"]["order_id"] == "o:1"


def test_a_state_is_replaced_only_if_unchanged(subject: Subject) -> None:
    subject.store.create(OrderState, {"o1": HOME})
    mine, other = (subject.store.load(OrderState, ["o1"])["o1"] for _ in range(2))
    my_read, other_read = Read(mine), Read(other)
    mine["community_id"] = "c1"
    mine["_daybook"]["applied"] = {"topic-id_1": {"0": 4}}
    assert subject.store.replace(OrderState, [(my_read, mine)])
    other["community_id"] = "c2"
    assert not subject.store.replace(OrderState, [(other_read, other)])
    assert subject.store.load(OrderState, ["o1"])["o1"]["community_id"] == "c1"


def test_a_state_is_amended_only_if_unchanged(subject: Subject) -> None:
    subject.store.create(OrderState, {"o1": HOME})
    read = subject.store.load(OrderState, ["o1"])["o1"]
    other = subject.store.load(OrderState, ["o1"])["o1"]
    subject.store.amend(OrderState, {"o1": (read, {"home": HOME | {"partition": 1}})})
    assert read == subject.store.load(OrderState, ["o1"])["o1"]
    with pytest.raises(Refused):
        subject.store.amend(OrderState, {"o1": (other, {"home": HOME | {"partition": 2}})})
    assert subject.store.load(OrderState, ["o1"])["o1"]["home"]["partition"] == 1
    subject.store.amend(OrderState, {})


def test_a_document_is_swapped_only_if_unchanged(subject: Subject) -> None:
    assert subject.store.fetch("sketches", ["s1"]) == {}
    assert subject.store.swap("sketches", [{"_id": "s1", "sketch": b"\0a"}]) == []
    mine, other = (subject.store.fetch("sketches", ["s1", "s2"])["s1"] for _ in range(2))
    assert mine["sketch"] == b"\0a"
    assert subject.store.swap("sketches", [mine | {"sketch": b"mine"}]) == []
    assert subject.store.swap("sketches", [other | {"sketch": b"other"}]) == ["s1"]
    assert subject.read("sketches", "s1")["sketch"] == b"mine"
    assert subject.read("sketches", "s1")["_daybook"]["model"] == 1


def test_of_two_concurrent_inserts_one_is_refused(subject: Subject) -> None:
    both: list[dict[str, Any]] = [{"_id": "s1", "sketch": b"a"}, {"_id": "s2", "sketch": b"a"}]
    assert subject.store.swap("sketches", both[:1]) == []
    assert subject.store.swap("sketches", [one | {"sketch": b"b"} for one in both]) == ["s1"]
    found = subject.store.fetch("sketches", ["s1", "s2"])
    assert {name: one["sketch"] for name, one in found.items()} == {"s1": b"a", "s2": b"b"}


def test_a_lost_document_is_stored_again(subject: Subject) -> None:
    subject.store.swap("sketches", [{"_id": "s1", "sketch": b"a"}])
    read = subject.store.fetch("sketches", ["s1"])["s1"] | {"_id": "s2"}
    assert subject.store.swap("sketches", [read]) == []
    assert subject.store.fetch("sketches", ["s2"])["s2"]["sketch"] == b"a"


def shelved(first: int, *amounts: tuple[Amount, int]) -> Change:
    change = Change(Document(ShelfDay, ("s:1", "left"), "2026-11-20"), first, first)
    for amount, value in amounts:
        change.add(amount, value)
    return change


def sold(source: str, cents: int, currency: str = "EUR") -> list[tuple[Amount, int]]:
    return [
        (Amount("07", "value_cents", currency), cents),
        (Amount("07", "value_cents_squared", currency), cents**2),
        (Amount("07", "sources", None, source, "visits"), 1),
        (Amount("07", "sources", currency, source, "value_cents"), cents),
    ]


def test_the_parts_of_a_key_are_stored_as_fields(subject: Subject) -> None:
    change = shelved(1, (Amount("07", "seen"), 1))
    assert subject.store.apply([change], HERE) == []
    stored = subject.stored(change.document)
    assert change.document.id == "s%3A1:left:2026-11-20"
    assert (stored["shop"], stored["shelf"]) == ("s:1", "left")
    assert (stored["visitors"], stored["reasons"], stored["sources"]) == ({}, {}, {})
    assert stored["value_cents_squared"] == Decimal128("0")


def test_counts_by_key_are_limited_in_each_group(subject: Subject) -> None:
    amounts = [(Amount("07", "visitors", None, key), 2) for key in "abcd"]
    amounts += [(Amount("07", "reasons", None, key, "bounce"), 1) for key in "abcd"]
    amounts += [(Amount("07", "reasons", None, "a", "close"), 1)]
    change = shelved(1, *amounts)
    assert subject.store.apply([change], HERE) == []
    assert subject.store.apply([shelved(2, (Amount("07", "visitors", None, "a"), -1))], HERE) == []
    stored = subject.stored(change.document)
    assert stored["visitors"] == {"a": 1, "b": 2, "c": 2, "other": 2}
    assert stored["reasons"] == {"bounce": {"a": 1, "b": 1, "c": 1, "other": 1}, "close": {"a": 1}}


def test_reserved_keys_are_accepted_by_a_full_map(subject: Subject) -> None:
    change = shelved(
        1, *[(Amount("07", "visitors", None, key), 1) for key in ("a", "b", "c", "direct")]
    )
    subject.store.apply([change], HERE)
    subject.store.apply([shelved(2, (Amount("07", "visitors", None, "exit"), 1))], HERE)
    assert subject.stored(change.document)["visitors"]["exit"] == 1


def test_a_breakdowns_money_is_beside_its_counts(subject: Subject) -> None:
    change = shelved(1, *sold("Google", 500))
    subject.store.apply([change], HERE)
    stored = subject.stored(change.document)
    assert stored["sources"] == {"Google": {"visits": 1, "value_cents": 500}}
    assert stored["currencies"]["EUR"]["sources"] == {"Google": {"value_cents": 500}}
    assert stored["value_cents_squared"] == Decimal128("250000")
    assert stored["hours"]["07"]["value_cents_squared"] == Decimal128("250000")


def test_a_breakdown_of_two_currencies_has_money_only_per_currency(subject: Subject) -> None:
    change = shelved(1, *sold("Google", 500))
    subject.store.apply([change], HERE)
    subject.store.apply([shelved(2, *sold("Bing", 700, "USD"))], HERE)
    stored = subject.stored(change.document)
    assert stored["sources"] == {
        "Google": {"visits": 1, "value_cents": None},
        "Bing": {"visits": 1, "value_cents": None},
    }
    assert stored["currencies"]["USD"]["sources"] == {"Bing": {"value_cents": 700}}
    assert (stored["value_cents"], stored["value_cents_squared"]) == (None, None)
    assert "value_cents" not in stored["hours"]["07"]


def test_a_full_breakdown_adds_whole_entries_to_other(subject: Subject) -> None:
    change = shelved(1, *[amount for source in "abc" for amount in sold(source, 1)])
    subject.store.apply([change], HERE)
    subject.store.apply([shelved(2, *sold("d", 10))], HERE)
    subject.store.apply([shelved(3, *sold("e", 20), *sold("a", 5))], HERE)
    stored = subject.stored(change.document)
    assert stored["sources"]["other"] == {"visits": 2, "value_cents": 30}
    assert stored["sources"]["a"] == {"visits": 2, "value_cents": 6}
    assert stored["currencies"]["EUR"]["sources"]["other"] == {"value_cents": 30}
    assert stored["value_cents_squared"] == Decimal128(str(3 + 100 + 400 + 25))


def wares(key: str, *names: str, currency: str = "EUR") -> list[tuple[Amount, int]]:
    return [
        (Amount("07", "goods", None, key, "units"), 1),
        (Amount("07", "goods", currency, key, "value_cents"), 5),
        *((Amount("07", "goods", None, key, name=name), 0) for name in names),
    ]


@pytest.mark.parametrize("first", ["Cup", "cup", "$Cup"])
def test_the_greatest_name_of_a_key_is_kept_in_any_order(subject: Subject, first: str) -> None:
    names = ["Cup", "cup", "$Cup"]
    names.remove(first)
    change = shelved(1, *wares("p1", first))
    subject.store.apply([change], HERE)
    subject.store.apply([shelved(2, *wares("p1", *names), *wares("p2"))], HERE)
    subject.store.apply([shelved(3, *wares("p1"), *wares("unattributed"))], HERE)
    stored = subject.stored(change.document)
    assert stored["goods"] == {
        "p1": {"name": "cup", "units": 3, "value_cents": 15},
        "p2": {"name": None, "units": 1, "value_cents": 5},
        "unattributed": {"name": None, "units": 1, "value_cents": 5},
    }
    assert stored["currencies"]["EUR"]["goods"]["p1"] == {"value_cents": 15}


def test_a_name_is_kept_with_two_currencies(subject: Subject) -> None:
    change = shelved(1, *wares("p1", "Cup"))
    subject.store.apply([change], HERE)
    subject.store.apply([shelved(2, *wares("p1", currency="USD"))], HERE)
    entry = subject.stored(change.document)["goods"]["p1"]
    assert entry == {"name": "Cup", "units": 2, "value_cents": None}


def test_other_has_no_name(subject: Subject) -> None:
    change = shelved(1, *[each for key in "abcd" for each in wares(key, f"the {key}")])
    subject.store.apply([change], HERE)
    subject.store.apply([shelved(2, *wares("e", "the e"))], HERE)
    goods = subject.stored(change.document)["goods"]
    assert {key: entry["name"] for key, entry in goods.items()} == {
        "a": "the a",
        "b": "the b",
        "c": "the c",
        "other": None,
    }
    assert goods["other"]["units"] == 2


def test_a_rows_list_may_contain_any_field_names(subject: Subject) -> None:
    item = {"$date": 5, "a.b": "$c", "": [1.5, None, {"$x.y": True}], "ü": -(2**63) + 1}
    row = Row("visits", "v1", {}, 1, Tail(EVENTS, [(1, {"metadata": item})]))
    subject.store.put([row], HERE)
    assert subject.read("visits", "v1")["events"] == [{"metadata": item}]


def test_a_rows_list_gets_only_new_items_up_to_its_limit(subject: Subject) -> None:
    def visit(*offsets: int) -> Row:
        items = [(offset, {"n": offset}) for offset in offsets]
        return Row("visits", "v1", {"n": offsets[-1]}, offsets[-1], Tail(EVENTS, items))

    subject.store.put([visit(1, 2)], HERE)
    subject.store.put([visit(2, 3)], HERE)
    subject.store.put([visit(1, 3)], HERE)
    subject.store.put([visit(4, 7)], HERE)
    found = subject.read("visits", "v1")
    assert [event["n"] for event in found["events"]] == [1, 2, 3]
    assert (found["events_total"], found["truncated"], found["n"]) == (5, 2, 7)


def test_a_rows_list_ends_where_an_item_has_no_room(subject: Subject) -> None:
    """Whatever the boundaries of the batches, and also if a smaller item follows."""
    sizes = {1: 30, 2: 80, 3: 200, 4: 0, 5: 0}

    def visit(row: str, *offsets: int) -> Row:
        items = [(offset, {"text": "x" * sizes[offset]}) for offset in offsets]
        return Row("visits", row, {}, offsets[-1], Tail(EVENTS._replace(kept=4), items))

    boundaries = {
        "one by one": [[1], [2], [3], [4], [5]],
        "again": [[1, 2], [1, 2, 3], [2, 3, 4, 5]],
        "at once": [[1, 2, 3, 4, 5]],
    }
    for name, batches in boundaries.items():
        for offsets in batches:
            subject.store.put([visit(name, *offsets)], HERE)
        found = subject.read("visits", name)
        assert [len(event["text"]) for event in found["events"]] == [30, 80]
        assert (found["events_total"], found["truncated"]) == (5, 3)
