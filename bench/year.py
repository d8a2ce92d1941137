"""Generates a funnel's year of documents as members store them, with every field filled."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zlib import crc32

from bson import Int64

from bench.servers import PARTITIONS
from consumers import funnel_step, revenue
from daybook.engine.documents.fields import (
    Breakdown,
    Counter,
    CountMap,
    DailyDocument,
    Money,
    PerCurrency,
)
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.sketches import add_keys
from daybook.engine.mongo import indexes
from daybook.engine.mongo.client import Documents
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay
from models.funnel_step import FunnelStepDay
from models.uniques import Uniques, periods

ORGANIZATION, FUNNEL = "shop", "checkout"
FIRST, DAYS = date(2025, 11, 21), 365
LAST = FIRST + timedelta(days=DAYS - 1)
STEPS = tuple(f"step-{number}" for number in range(1, 9))
_OWN = (ORGANIZATION, FUNNEL)
_CURRENCIES = ("EUR", "USD")
_KEYS = {"pages": 60, "landing_pages": 30, "countries": 30, "products": 30, "time_histogram": 40}
_KEYS_ELSE = 12
_VISITORS_A_DAY = 300


def fill(documents: Documents) -> int:
    """Inserts the year, with the indexes that members create; the number of documents."""
    for group in (funnel_step.GROUP, revenue.GROUP):
        indexes.ensure(documents, group)
    steps = [{"step_id": step, "name": step.title(), "type": "page"} for step in STEPS]
    definition = {"organization_id": ORGANIZATION, "funnel_id": FUNNEL, "name": "Checkout"}
    documents["funnels"].insert_one(
        {"_id": f"{ORGANIZATION}:{FUNNEL}", **definition, "steps": steps, "versions": []}
    )
    total = 1
    for model, keys in (
        (FunnelDay, [_OWN]),
        (FunnelRevenueDay, [_OWN]),
        (FunnelStepDay, [(*_OWN, step) for step in STEPS]),
    ):
        days = [
            _document(model, key, FIRST + timedelta(days=n)) for key in keys for n in range(DAYS)
        ]
        total += len(documents[model.collection].insert_many(days).inserted_ids)
    sketches = list(_sketches())
    return total + len(documents[Uniques.collection].insert_many(sketches).inserted_ids)


def known() -> dict[str, int]:
    """The sums of some counters over all steps and the whole year."""
    names = ("visitors", "entries", "exits", "drop_offs", "reached")
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    every = [_document(FunnelStepDay, (*_OWN, step), day) for step in STEPS for day in days]
    return {name: sum(document[name] for document in every) for name in names}


def _document(model: type[DailyDocument], key: tuple[str, ...], day: date) -> dict[str, Any]:
    document_id = ":".join(encode_part(part) for part in (*key, day.isoformat()))
    seed = crc32(document_id.encode())
    numbers = {name: _value(name, field, seed) for name, field in model.fields.items()}
    hour = {name: value for name, value in numbers.items() if isinstance(value, Int64)}
    money = {
        name: value
        for name, value in numbers.items()
        if isinstance(model.fields[name], Money | Breakdown | PerCurrency)
    }
    return {
        "_id": document_id,
        **dict(zip(model.key, key, strict=True)),
        "date": datetime.combine(day, time(), UTC),
        **numbers,
        "currencies": {currency: money for currency in _CURRENCIES},
        "hours": {f"{number:02d}": hour for number in range(24)},
        "_daybook": {
            "applied": {"AAAAAAAAAAAAAAAAAAAAAA": {str(n): Int64(seed) for n in range(PARTITIONS)}},
            "revision": Int64(seed),
            "model": model.version,
        },
        "updated_at": datetime.combine(day, time(23), UTC),
    }


def _value(name: str, field: object, seed: int) -> Any:
    numbers = range(_KEYS.get(name, _KEYS_ELSE))
    # A histogram's keys are the numbers of its bins.
    names = [str(n) if name == "time_histogram" else f"{name} {n}" for n in numbers]
    match field:
        case CountMap(groups=groups) if groups:
            return {group: _counts(names, seed) for group in groups}
        case CountMap():
            return _counts(names, seed)
        case Breakdown(counts=counts, money=money):
            parts = [*counts, *money]
            return {key: _counts(parts, crc32(key.encode(), seed)) for key in names}
        case Counter() | Money() | PerCurrency():
            return Int64(50 + crc32(name.encode(), seed) % 400)
        case _:
            return None


def _counts(names: list[str], seed: int) -> dict[str, Int64]:
    return {name: Int64(crc32(name.encode(), seed) % 90 + 1) for name in names}


def _sketches() -> Iterator[dict[str, Any]]:
    people = count()
    for period in periods(FIRST.isoformat(), LAST.isoformat()):
        for partition in range(PARTITIONS):
            amount = _VISITORS_A_DAY * (1 if len(period) > len("2026-11") else 30) // PARTITIONS
            named = {"organization_id": ORGANIZATION, "kind": "funnel", "id": FUNNEL}
            yield {
                "_id": f"{ORGANIZATION}:funnel:{FUNNEL}:{period}:{partition}",
                **named,
                "period": period,
                "partition": partition,
                "sketch": add_keys(None, (f"visitor-{next(people)}" for _ in range(amount))),
                "_daybook": {"revision": Int64(1), "model": 1},
            }
