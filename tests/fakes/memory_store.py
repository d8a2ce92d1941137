"""The store in memory, for tests of the protocol; it fulfils the same contract as MongoDB's."""

import copy
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

import bson
from bson import Decimal128, Int64

from daybook.engine.documents.change import Amount, Change, Document
from daybook.engine.documents.fields import (
    Average,
    Breakdown,
    Counter,
    CountMap,
    DailyDocument,
    Derived,
    Difference,
    Field,
    Money,
    MoneyMap,
    PerCurrency,
    Rate,
    Squares,
    is_money,
)
from daybook.engine.documents.rows import Row, Tail
from daybook.engine.documents.state import State, StateModel
from daybook.engine.errors import Refused
from daybook.engine.partition import Partition
from daybook.engine.store import Read
from models.uniques import Uniques

NEVER_REFUSED = ("unattributed", "direct", "exit")


class MemoryStore:
    """`before` is called before every operation, and may raise or run another member.

    `after` is called after every operation; an exception there is a lost reply.
    """

    def __init__(self, keys_max: int = 1_000) -> None:
        self.collections: dict[str, dict[str, dict[str, Any]]] = {}
        self.keys_max = keys_max
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def apply(self, changes: Collection[Change], partition: Partition) -> list[Document]:
        refused = []
        for change in changes:
            self.before()
            model = change.document.model
            table = self.collections.setdefault(model.collection, {})
            document = table.get(change.document.id, {})
            if document and partition.applied(document) >= change.first:
                refused.append(change.document)
            else:
                table[change.document.id] = document
                self._add(document, change)
                _mark(document, partition, change.first, change.last)
            self.after()
        return refused

    def watermarks(
        self, documents: Collection[Document], partition: Partition
    ) -> dict[Document, int]:
        self.before()
        watermarks = {}
        for document in documents:
            stored = self.collections.get(document.model.collection, {}).get(document.id)
            if stored is not None:
                watermarks[document] = partition.applied(stored)
        return watermarks

    def put(self, rows: Collection[Row], partition: Partition) -> None:
        for row in rows:
            self.before()
            table = self.collections.setdefault(row.collection, {})
            document = table.setdefault(row.id, {})
            applied = partition.applied(document)
            if applied < row.last:
                document |= row.values
                if row.tail:
                    _grow(document, row.tail, applied)
                _mark(document, partition, row.last, row.last)
            self.after()

    def load(self, model: StateModel, keys: Collection[str]) -> dict[str, State]:
        self.before()
        table = self.collections.setdefault(model.collection, {})
        ids = {key: model.id_of(key) for key in keys}
        return {key: copy.deepcopy(table[i]) for key, i in ids.items() if i in table}

    def create(self, model: StateModel, homes: Mapping[str, Mapping[str, Any]]) -> None:
        table = self.collections.setdefault(model.collection, {})
        for key, home in homes.items():
            self.before()
            state = model.new(key) | {
                "_id": model.id_of(key),
                "home": dict(home),
                "event_ids": [],
                "_daybook": {"applied": {}, "first": {}, "revision": 0, "model": model.version},
            }
            table.setdefault(model.id_of(key), state)
            self.after()

    def amend(
        self, model: StateModel, fields: Mapping[str, tuple[State, Mapping[str, Any]]]
    ) -> None:
        all_unchanged = True
        for state, values in fields.values():
            self.before()
            stored = self.collections[model.collection][state["_id"]]
            if stored["_daybook"]["revision"] == state["_daybook"]["revision"]:
                stored |= copy.deepcopy(dict(values))
                stored["_daybook"]["revision"] += 1
            else:
                all_unchanged = False
            self.after()
        if not all_unchanged:
            raise Refused
        for state, values in fields.values():
            state.update(copy.deepcopy(dict(values)))
            state["_daybook"]["revision"] += 1

    def fetch(self, collection: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        self.before()
        table = self.collections.setdefault(collection, {})
        return {name: copy.deepcopy(table[name]) for name in ids if name in table}

    def swap(self, collection: str, documents: Sequence[dict[str, Any]]) -> list[str]:
        table = self.collections.setdefault(collection, {})
        refused = []
        for document in documents:
            self.before()
            stored, read = table.get(document["_id"]), document.get("_daybook")
            if stored and (read is None or stored["_daybook"]["revision"] != read["revision"]):
                refused.append(document["_id"])
            else:
                version = Uniques.version if collection == Uniques.collection else 1
                mark = (read or {"model": version}) | {
                    "revision": read["revision"] + 1 if read else 0
                }
                table[document["_id"]] = copy.deepcopy(document) | {"_daybook": mark}
            self.after()
        return refused

    def replace(self, model: StateModel, states: Sequence[tuple[Read, State]]) -> bool:
        table = self.collections.setdefault(model.collection, {})
        all_unchanged = True
        for read, state in states:
            self.before()
            mark = table[read.id]["_daybook"]
            if (mark["revision"], mark["applied"]) == (read.revision, read.applied):
                state["_daybook"]["revision"] = read.revision + 1
                table[read.id] = copy.deepcopy(dict(state))
            else:
                all_unchanged = False
            self.after()
        return all_unchanged

    def _add(self, document: dict[str, Any], change: Change) -> None:
        model = change.document.model
        document.setdefault("date", change.document.day)
        for name, part in zip(model.key, change.document.key, strict=True):
            document[name] = part
        currencies = document.setdefault("currencies", {}) if _has_money(model) else {}
        for currency in {a.currency for a in change.amounts if a.currency}:
            currencies.setdefault(currency, {})
        for name, field in model.fields.items():
            if isinstance(field, Counter | PerCurrency):
                document.setdefault(name, 0)
            if isinstance(field, CountMap | Breakdown):
                document.setdefault(name, {})
            for values in currencies.values():
                if isinstance(field, Money | Squares | PerCurrency):
                    values.setdefault(name, _zero(field))
                if isinstance(field, MoneyMap) or (isinstance(field, Breakdown) and field.money):
                    values.setdefault(name, {})
        for amount, value in sorted(change.amounts.items(), key=_acceptance_order):
            field = model.fields[amount.field]
            if amount.key is not None:
                self._add_to_map(document, field, amount, value)
                continue
            if amount.currency:
                in_currency = currencies[amount.currency]
                in_currency[amount.field] = _plus(in_currency[amount.field], value)
            if not isinstance(field, Money | Squares):
                document[amount.field] += value
            hour = document.setdefault("hours", {}).setdefault(amount.hour, {})
            hour[amount.field] = _plus(hour.get(amount.field, _zero(field)), value)
        _derive(model, document)

    def _add_to_map(
        self, document: dict[str, Any], field: Field, amount: Amount, value: int
    ) -> None:
        """A money map accepts keys in its currency, other maps at the top level."""
        in_currency = document.get("currencies", {}).get(amount.currency, {})
        gate = in_currency[amount.field] if isinstance(field, MoneyMap) else document[amount.field]
        if isinstance(field, CountMap) and amount.part:
            gate = gate.setdefault(amount.part, {})
        key = str(amount.key)
        has_room = len(gate.keys() - {"other"}) < self.keys_max
        target = key if has_room or key in gate or key in NEVER_REFUSED else "other"
        if not isinstance(field, Breakdown):
            gate[target] = gate.get(target, 0) + value
            return
        blank: dict[Any, Any] = dict.fromkeys((*field.counts, *field.money), 0)
        parts = gate.setdefault(target, blank | ({"name": None} if field.named else {}))
        if amount.name is not None:
            if target == key:
                parts["name"] = max(parts["name"] or "", amount.name)
            return
        parts[amount.part] = (parts[amount.part] or 0) + value
        if amount.currency:
            amounts = in_currency[amount.field].setdefault(target, {})
            amounts[amount.part] = amounts.get(amount.part, 0) + value


def _acceptance_order(item: tuple[Amount, int]) -> tuple[bool, str]:
    """Reserved keys come last: they are always accepted, and take no room from the others."""
    key = item[0].key or ""
    return key in NEVER_REFUSED, key


def _zero(field: Field) -> Any:
    return Decimal128("0") if isinstance(field, Squares) else 0


def _plus(number: Any, value: int) -> Any:
    if isinstance(number, Decimal128):
        return Decimal128(number.to_decimal() + value)
    return number + value


def _grow(document: dict[str, Any], tail: Tail, applied: int) -> None:
    field, kept, bytes_max = tail.growth
    stored, total = document.setdefault(field, []), document.get(f"{field}_total", 0)
    size = sum(len(bson.encode(known)) for known in stored)
    for _, item in (new for new in tail.items if new[0] > applied):
        size += len(bson.encode(item))
        if total == len(stored) < kept and size <= bytes_max:
            stored.append(copy.deepcopy(item))
        total += 1
    document[f"{field}_total"], document["truncated"] = Int64(total), Int64(total - len(stored))


def _mark(document: dict[str, Any], partition: Partition, first: int, last: int) -> None:
    mark = document.setdefault("_daybook", {"applied": {}, "first": {}, "revision": 0})
    number = str(partition.number)
    mark["applied"].setdefault(partition.topic_id, {})[number] = last
    mark["first"].setdefault(partition.topic_id, {}).setdefault(number, first)
    mark["revision"] += 1


def _has_money(model: type[DailyDocument]) -> bool:
    return any(is_money(model, name) for name in model.fields)


def _derive(model: type[DailyDocument], document: dict[str, Any]) -> None:
    currencies = list(document.get("currencies", {}).values())
    hours = document.get("hours", {})
    for name, field in model.fields.items():
        if not isinstance(field, Derived):
            continue
        scopes = currencies if is_money(model, name) else [document]
        for scope in [*scopes, *hours.values()]:
            scope[name] = _derived(field, scope)
    for name, field in model.fields.items():
        if is_money(model, name):
            empty: Any = {MoneyMap: {}, Average: None}.get(type(field), _zero(field))
            alone = currencies[0][name] if len(currencies) == 1 else None
            document[name] = copy.deepcopy(alone) if currencies else empty
        if isinstance(field, Breakdown) and len(currencies) > 1:
            for parts in document[name].values():
                parts |= dict.fromkeys(field.money)
    for hour in hours.values():
        for name, field in model.fields.items():
            gone = len(currencies) > 1 and is_money(model, name)
            if gone or (not isinstance(field, Derived) and hour.get(name) == _zero(field)):
                hour.pop(name, None)


def _derived(field: Field, scope: Mapping[str, Any]) -> int | float | None:
    match field:
        case Rate(numerator, denominator):
            below = scope.get(denominator, 0)
            return scope.get(numerator, 0) / below if below else None
        case Average(total, number):
            below = scope.get(number, 0)
            return round(Fraction(scope.get(total, 0), below)) if below else None
        case Difference(minuend, subtrahend):
            return int(scope.get(minuend, 0)) - int(scope.get(subtrahend, 0))
    raise TypeError(field)
