"""The fake and MongoDB store the same documents, whatever is added to them."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from bson import Decimal128
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybook.engine.documents.change import Amount, Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import (
    DailyDocument,
    average,
    breakdown,
    count_map,
    counter,
    difference,
    money,
    money_map,
    per_currency,
    rate,
    squares,
)
from daybook.engine.mongo.client import database
from daybook.engine.mongo.store import MongoStore
from daybook.engine.partition import Partition
from tests.fakes.memory_store import MemoryStore
from tests.support.soak import EXAMPLES
from tests.support.world import World

KEYS_MAX = 4
RULES = Rules("UTC", frozenset(), 50, map_keys_max=KEYS_MAX)
HERE = Partition("orders", "topic-id_1", 0)
THERE = Partition("orders", "topic-id_1", 1)
BY = dict[str, dict[str, int | str | None]]


class EverythingDay(DailyDocument, collection="everything_day", key=("shop",)):
    """Has every kind of field, and two maps of each shape."""

    seen: int = counter()
    bought: int = counter()
    buying_rate: float | None = rate("bought", "seen")
    value_cents: int | None = money()
    returned_cents: int | None = money()
    net_cents: int | None = difference("value_cents", "returned_cents")
    value_cents_squared: int | None = squares()
    paid: int = per_currency()
    average_cents: int | None = average("value_cents", "paid")
    seconds: int = counter()
    avg_seconds: int | None = average("seconds", "seen")
    by_community: dict[str, int] | None = money_map()
    visitors: dict[str, int] = count_map()
    places: dict[str, int] = count_map()
    reasons: dict[str, dict[str, int]] = count_map(groups=("bounce", "close"))
    pages: BY = breakdown("visits", "exits")
    sources: BY = breakdown("visits", money=("value_cents",))
    devices: BY = breakdown("visits", money=("value_cents",))
    goods: BY = breakdown("units", money=("value_cents",), named=True)


class PlainDay(DailyDocument, collection="plain_day"):
    """Has no money, so nothing is kept per currency."""

    seen: int = counter()
    bought: int = counter()
    buying_rate: float | None = rate("bought", "seen")
    visitors: dict[str, int] = count_map()
    goods: BY = breakdown("units", named=True)


HOURS = st.sampled_from(["00", "07", "23"])
KEYS = st.sampled_from(["a", "b", "c", "d", "e", "f", "0", "é", "direct", "exit", "unattributed"])
CURRENCIES = st.sampled_from(["EUR", "EUR", "EUR", "USD"])
VALUES = st.one_of(st.sampled_from([-1, 0, 1]), st.integers(-(2**40), 2**40))
NAMES = st.sampled_from(["Cup", "cup", "$Cup", "Ä", "a.b"])
NOBODY = st.none()


def amounts(
    field: str,
    currency: st.SearchStrategy[str | None] = NOBODY,
    key: st.SearchStrategy[str | None] = NOBODY,
    part: str | None = None,
    name: st.SearchStrategy[str | None] = NOBODY,
) -> st.SearchStrategy[Amount]:
    return st.builds(Amount, HOURS, st.just(field), currency, key, st.just(part), name)


PLAIN = st.one_of(
    amounts("seen"),
    amounts("bought"),
    amounts("visitors", key=KEYS),
    amounts("goods", key=KEYS, part="units"),
    amounts("goods", key=KEYS, name=NAMES),
)
EVERYTHING = st.one_of(
    PLAIN,
    amounts("seconds"),
    amounts("value_cents", CURRENCIES),
    amounts("returned_cents", CURRENCIES),
    amounts("value_cents_squared", CURRENCIES),
    amounts("paid", CURRENCIES),
    amounts("by_community", CURRENCIES, KEYS),
    amounts("places", key=KEYS),
    amounts("reasons", key=KEYS, part="bounce"),
    amounts("reasons", key=KEYS, part="close"),
    amounts("pages", key=KEYS, part="visits"),
    amounts("pages", key=KEYS, part="exits"),
    amounts("goods", CURRENCIES, KEYS, "value_cents"),
    *(amounts(name, key=KEYS, part="visits") for name in ("sources", "devices")),
    *(amounts(name, CURRENCIES, KEYS, "value_cents") for name in ("sources", "devices")),
)


def folds(amount: st.SearchStrategy[Amount]) -> st.SearchStrategy[list[dict[Amount, int]]]:
    """The amounts of a document's changes, one after another."""
    entry = st.tuples(amount, VALUES).map(lambda e: (e[0], 0 if e[0].name else e[1]))
    return st.lists(st.lists(entry, min_size=1, max_size=25).map(dict), min_size=1, max_size=5)


@pytest.fixture
def stores(world: World) -> Iterator[tuple[MongoStore, Any]]:
    documents = database(world.settings)
    models = EverythingDay, PlainDay
    yield MongoStore(documents, RULES, {m.collection: 1 for m in models}), documents
    documents.client.close()


NUMBERS = count()


@settings(max_examples=EXAMPLES // 10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(everything=folds(EVERYTHING), plain=folds(PLAIN), again=st.integers(0, 4))
def test_the_fake_and_mongodb_store_the_same_documents(
    stores: tuple[MongoStore, Any],
    everything: list[dict[Amount, int]],
    plain: list[dict[Amount, int]],
    again: int,
) -> None:
    mongo, documents = stores
    memory = MemoryStore(keys_max=KEYS_MAX)
    number = next(NUMBERS)
    histories = [
        (Document(EverythingDay, (f"s:{number}",), "2026-11-20"), everything),
        (Document(PlainDay, (), f"{1000 + number}-11-20"), plain),
    ]
    for document, added in histories:
        changes = [
            (Change(document, at * 10, at * 10 + 9, sums), (HERE, THERE)[at % 2])
            for at, sums in enumerate(added)
        ]
        # Some are repeated with other bounds, and both stores refuse them.
        changes += [
            (Change(document, c.first + 5, c.last + 5, c.amounts), p) for c, p in changes[:again]
        ]
        for change, partition in changes:
            refused = memory.apply([change], partition)
            assert mongo.apply([change], partition) == refused
        stored = documents[document.model.collection].find_one({"_id": document.id})
        expected = memory.collections[document.model.collection][document.id]
        assert comparable(stored) == comparable(expected)


def comparable(document: dict[str, Any]) -> dict[str, Any]:
    """The fields that both stores have, without those that depend on a clock.

    Of `_daybook`, only `applied` and `first` are compared.
    """
    meta = document["_daybook"]
    hidden = ("_id", "date", "updated_at", "_daybook")
    fields = {name: normalized(value) for name, value in document.items() if name not in hidden}
    return fields | {"applied": meta["applied"], "first": meta["first"], "left": len(meta) > 4}


def normalized(value: Any) -> Any:
    """The value with each Decimal128 as a Decimal, of which several forms are equal."""
    if isinstance(value, dict):
        return {name: normalized(item) for name, item in value.items()}
    return value.to_decimal() if isinstance(value, Decimal128) else value
