"""A daily document stays small, whatever is counted, and what has no room is counted in `other`."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from daybook.engine.currency import CODES
from daybook.engine.documents.change import Amount, Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.mongo import large_change, map_update, store
from daybook.engine.mongo.client import database
from daybook.engine.mongo.update import pipeline
from daybook.engine.partition import Partition
from daybook.recount.compare.documents import fitted, fitted_new, is_full, unequal_fields
from daybook.recount.repair import plan
from daybook.recount.replay.model import Field, Model
from models.funnel import WHO, FunnelDay
from tests.contract.test_store import ShelfDay
from tests.support.world import World

HERE = Partition("orders", "topic-id_1", 0)
SHELF = Document(ShelfDay, ("s:1", "left"), "2026-11-20")
FUNNEL = Document(FunnelDay, ("default", "checkout"), "2026-11-20")
MAPS = ("sources", "channels", "devices", "browsers", "countries", "campaigns", "pages")
DOCUMENT_BYTES_MAX = 2_000_000
UPDATE_BYTES_MAX = 8_000_000


def model(collection: str, key: tuple[str, ...], *fields: tuple[str | None, ...]) -> Model:
    known = {}
    for name, kind, *parts in fields:
        part, whole = parts or (None, None)
        known[str(name)] = Field(str(name), str(kind), part, whole, 1)
    return Model(collection, known, key)


SHELF_MODEL = model(
    "shelf_day",
    ("shop", "shelf"),
    ("seen", "counter"),
    ("value_cents", "money"),
    ("value_cents_squared", "squares"),
    ("visitors", "count_map"),
    ("reasons", "count_map", "bounce,close", None),
    ("sources", "breakdown", "visits", "value_cents"),
    ("goods", "named_breakdown", "units", "value_cents"),
)


class Shelves:
    """A document, and all that was ever added to it, by the recount's paths."""

    def __init__(self, world: World, keys_max: int) -> None:
        self._documents = database(world.settings)
        self.keys_max = keys_max
        rules = Rules("UTC", frozenset(), 50, map_keys_max=keys_max)
        stamps = {"shelf_day": 1, "analytics_funnel": 1}
        self.store = store.MongoStore(self._documents, rules, stamps)
        self.sums: dict[str, Any] = defaultdict(int)
        self.offset = 0

    def add(self, document: Document, amounts: list[tuple[Amount, int]], at: Partition) -> None:
        change = Change(document, self.offset, self.offset)
        for amount, value in amounts:
            change.add(amount, value)
            for path in paths(amount):
                if amount.name is None:
                    self.sums[path] += value
                else:
                    self.sums[path] = max(self.sums[path] or "", amount.name)
        assert self.store.apply([change], at) == []
        self.offset += 1

    def stored(self, document: Document) -> dict[str, Any]:
        found = self._documents[document.model.collection].find_one({"_id": document.id})
        assert found is not None
        return found

    def change(self, update: Any) -> None:
        """Changes the document behind the store's back."""
        collection = self._documents[SHELF.model.collection]
        assert collection.update_one({"_id": SHELF.id}, update).matched_count == 1

    def close(self) -> None:
        self._documents.client.close()


def paths(amount: Amount) -> Iterator[str]:
    hour, field, currency, key, part, name = amount
    above = f"currencies.{currency}." if currency else ""
    if key is None:
        yield f"{above}{field}"
        yield f"hours.{hour}.{field}"
    elif name is not None:
        yield f"{field}.{key}.name"
    elif field == "reasons":
        yield f"reasons.{part}.{key}"
    else:
        yield f"{above}{field}.{key}" + (f".{part}" if part else "")


@pytest.fixture
def shelves(world: World) -> Iterator[Shelves]:
    made = Shelves(world, keys_max=12)
    yield made
    made.close()


def some(chance: random.Random) -> list[tuple[Amount, int]]:
    """What a batch may add: sales, returns and names, of few keys or of many."""
    amounts: list[tuple[Amount, int]] = [(Amount("07", "seen"), 1)]
    for _ in range(chance.choice((1, 3, 60))):
        key = chance.choice(["unattributed", *(f"key-{n:02d}" for n in range(30))])
        currency = chance.choice(("EUR", "EUR", "USD", "JPY"))
        value = chance.randint(-5, 9)
        amounts += chance.choice(
            (
                [(Amount("07", "visitors", None, key), value)],
                [(Amount("07", "reasons", None, key, chance.choice(("bounce", "close"))), value)],
                [
                    (Amount("07", "value_cents", currency), value),
                    (Amount("07", "sources", None, key, "visits"), value),
                    (Amount("07", "sources", currency, key, "value_cents"), value),
                ],
                [
                    (Amount("07", "goods", None, key, "units"), value),
                    (Amount("07", "goods", currency, key, "value_cents"), value),
                    (Amount("07", "goods", None, key, name=f"{key}-{value}"), 0),
                ],
            )
        )
    return amounts


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("full_bytes", [1_200, 2_500, 1_000_000])
def test_whatever_a_document_has_no_room_for_the_recount_finds_it_equal(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch, full_bytes: int, seed: int
) -> None:
    monkeypatch.setattr(map_update, "FULL_BYTES", full_bytes)
    monkeypatch.setattr(large_change, "FULL_BYTES", full_bytes)
    monkeypatch.setattr(large_change, "AMOUNTS_MAX", 40)
    chance = random.Random(seed)
    for _ in range(40):
        shelves.add(SHELF, some(chance), replace(HERE, number=chance.randint(0, 1)))
        stored = shelves.stored(SHELF)
        unequal = unequal_fields(SHELF_MODEL, SHELF.id, shelves.sums, stored, shelves.keys_max)
        assert list(unequal) == []
    assert is_full(stored) == (full_bytes < 1_000_000)


def test_a_large_change_is_reduced_again_if_another_member_was_faster(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other member is given a key that the change, as it was reduced, adds to `other`."""
    monkeypatch.setattr(large_change, "AMOUNTS_MAX", 5)
    reduced, rivals = large_change.reduced, iter(["key-13"])

    def after_a_rival(*arguments: Any) -> large_change.Reduced:
        smaller = reduced(*arguments)
        for key in rivals:
            rival = [(Amount("07", "visitors", None, key), 1)]
            shelves.add(SHELF, rival, replace(HERE, number=1))
        return smaller

    monkeypatch.setattr(store, "reduced", after_a_rival)
    many = [(Amount("07", "visitors", None, f"key-{n:02d}"), 1) for n in range(14)]
    shelves.add(SHELF, [(Amount("07", "seen"), 1), *many], HERE)
    found = shelves.stored(SHELF)
    assert (found["visitors"]["key-13"], found["visitors"]["other"]) == (2, 2)
    assert list(unequal_fields(SHELF_MODEL, SHELF.id, shelves.sums, found, 12)) == []


@pytest.mark.parametrize("currencies", [("EUR",), ("EUR", "USD")])
def test_a_full_document_that_was_damaged_is_repaired(
    shelves: Shelves, monkeypatch: pytest.MonkeyPatch, currencies: tuple[str, ...]
) -> None:
    keys = [f"key-{n:02d}" for n in range(11)]
    for currency in currencies:
        for key in keys:
            visit = [(Amount("07", "seen"), 1), (Amount("07", "sources", None, key, "visits"), 1)]
            shelves.add(SHELF, visit, HERE)
        # Now there is no room for money in the map of a currency.
        monkeypatch.setattr(map_update, "FULL_BYTES", 500)
        for key in keys:
            cents = (Amount("07", "sources", currency, key, "value_cents"), 5)
            shelves.add(SHELF, [(Amount("07", "value_cents", currency), 5), cents], HERE)
    assert "other" in shelves.stored(SHELF)["currencies"]["EUR"]["sources"]
    shelves.change({"$inc": {"sources.key-00.visits": 7, "seen": -1}})
    shelves.change({"$unset": {"currencies.EUR.sources.other": ""}})
    shelves.change(plan.claim("token", 0))
    damaged = shelves.stored(SHELF)
    expected = fitted(SHELF_MODEL, SHELF.id, shelves.sums, damaged, shelves.keys_max)
    shelves.change(plan.repair(SHELF_MODEL, damaged, expected, {}).pipeline)
    repaired = shelves.stored(SHELF)
    assert is_full(repaired)
    unequal = unequal_fields(SHELF_MODEL, SHELF.id, shelves.sums, repaired, shelves.keys_max)
    assert list(unequal) == []


def wide(first: int, number: int, currency: str) -> list[tuple[Amount, int]]:
    """Conversions with new keys in every map, each key as long as a key can be."""
    return [
        item
        for n in range(first, first + number)
        for field in MAPS
        for item in (
            (Amount("07", field, None, f"{n:0200d}", "visitors"), 1),
            (Amount("07", field, currency, f"{n:0200d}", "value_cents"), 3),
        )
    ]


@pytest.mark.parametrize("keys", [30, 2_000])
def test_a_document_with_the_longest_keys_in_all_maps_and_currencies_is_below_two_megabytes(
    world: World, keys: int
) -> None:
    shelves = Shelves(world, keys_max=1_000)
    codes = sorted(CODES)
    for number in range(60 if keys == 30 else 3):
        shelves.add(FUNNEL, wide(number * keys // 2, keys, codes[number]), HERE)
    stored = shelves.stored(FUNNEL)
    assert is_full(stored)
    assert 500_000 < len(bson.encode(stored)) < DOCUMENT_BYTES_MAX
    for field in MAPS:
        counted = sum(entry["visitors"] for entry in stored[field].values())
        assert counted == sum(v for path, v in shelves.sums.items() if path.startswith(field))
        cents = [c[field] for c in stored["currencies"].values() if field in c]
        assert 3 * counted == sum(e["value_cents"] for entries in cents for e in entries.values())
    shelves.close()


def test_the_update_of_a_batch_with_twenty_thousand_keys_is_below_eight_megabytes() -> None:
    change = Change(FUNNEL, 0, 9)
    for amount, value in wide(0, 3_000, "EUR"):
        change.add(amount, value)
    assert large_change.is_large(change)
    smaller, growth, fills = large_change.reduced(change, {}, 1_000)
    assert fills
    assert update_bytes(smaller, growth) < UPDATE_BYTES_MAX
    assert sum(smaller.amounts.values()) == sum(change.amounts.values())
    least = Change(FUNNEL, 0, 9, dict(wide(0, large_change.AMOUNTS_MAX // 14, "EUR")))
    assert not large_change.is_large(least)
    assert update_bytes(least, None) < UPDATE_BYTES_MAX


def test_the_update_of_a_document_that_has_all_its_keys_is_below_eight_megabytes() -> None:
    stored: dict[str, Any] = {field: {} for field in MAPS}
    change = Change(FUNNEL, 0, 9)
    for number in range(400):
        for amount, value in wide(number, 1, "EUR"):
            stored[amount.field][amount.key] = {"visitors": 1, "conversions": 0, "value_cents": 3}
            change.add(amount, value)
    assert len(bson.encode(stored)) > 700_000
    smaller, growth, _ = large_change.reduced(change, stored, 1_000)
    assert update_bytes(smaller, growth) < UPDATE_BYTES_MAX


def update_bytes(change: Change, growth: int | None) -> int:
    stages = pipeline(change, HERE, stamp=1, keys_max=1_000, now_ms=0, growth=growth)
    raw = [
        stage.raw if isinstance(stage, RawBSONDocument) else bson.encode(stage) for stage in stages
    ]
    return sum(map(len, raw))


def test_a_document_that_a_rebuild_inserts_is_below_two_megabytes_as_well() -> None:
    sums = {
        path: value
        for currency in ("EUR", "USD")
        for amount, value in wide(0, 1_500, currency)
        for path in paths(amount)
    }
    fields = [(name, "breakdown", ",".join(WHO), "value_cents") for name in MAPS]
    of_funnels = model("analytics_funnel", ("organization_id", "funnel_id"), *fields)
    of_funnels.fields["value_cents"] = Field("value_cents", "money", None, None, 1)
    whole, full = fitted_new(of_funnels, FUNNEL.id, sums, 1_000)
    assert full
    assert len(bson.encode(whole)) < DOCUMENT_BYTES_MAX
    stored = whole | {"_daybook": {"full": True}}
    assert list(unequal_fields(of_funnels, FUNNEL.id, sums, stored, 1_000)) == []
    assert whole["pages"]["other"]["visitors"] == 1_500
    few = {path: value for path, value in sums.items() if "0" * 199 in path}
    assert not fitted_new(of_funnels, FUNNEL.id, few, 1_000)[1]
