"""Compares a stored daily document with the expected one, field by field."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import bson
from bson import Decimal128, Int64

from daybook.recount.compare import maps
from daybook.recount.compare.expected import expected_document, is_nothing
from daybook.recount.compare.maps import fit_map
from daybook.recount.recounted import Document
from daybook.recount.replay.model import Field, Model

OWN_FIELDS = frozenset({"_id", "_daybook", "updated_at"})
"""Bookkeeping fields of every document; no rule explains them."""


FULL_BYTES = 1_000_000
"""The size that a document reaches with new keys in its maps; members keep the same limit."""


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Stands for a value where the field, or the whole document, does not exist."""


class UnequalField(NamedTuple):
    """A field that differs. `since`: the model version that added it; 0 if the model lacks it."""

    field: str
    stored: Any
    recounted: Any
    since: int = 0


def unequal_fields(
    model: Model, document_id: str, sums: Mapping[str, int], stored: Document, keys_max: int
) -> Iterator[UnequalField]:
    """Every field of a stored document that differs from what the sums give."""
    expected = fitted(model, document_id, sums, stored, keys_max)
    for name in sorted((expected.keys() | stored.keys()) - OWN_FIELDS):
        stored_value, expected_value = stored.get(name, ABSENT), expected.get(name, ABSENT)
        if name == "hours" and model.is_measured and stored_value is ABSENT:
            # A document lacks them if events only ever added to its maps.
            stored_value = {}
        if name == "hours" and isinstance(stored_value, Mapping):
            yield from _hours(
                model,
                expected_value,
                stored_value,
                several_currencies=len(expected.get("currencies", ())) > 1,
            )
        elif name == "currencies" and isinstance(stored_value, Mapping):
            yield from _currencies(model, expected_value, stored_value)
        elif name in model.fields and model.fields[name].is_map:
            several_currencies = len(expected.get("currencies", ())) > 1
            nulls = model.fields[name].money_parts if several_currencies else ()
            if model.fields[name].is_named:
                nulls = *nulls, maps.NAME
            yield from _map(model.fields[name], name, stored_value, expected_value, nulls)
        else:
            yield from _field(model, name, "", stored_value, expected_value)


def fitted(
    model: Model, document_id: str, sums: Mapping[str, int], stored: Document, keys_max: int
) -> Document:
    """The expected document, with its maps cut to the keys that this stored one may name."""
    currencies = stored.get("currencies")
    lingering: list[str] = []
    if model.is_measured and isinstance(currencies, Mapping):
        lingering = [name for name, amounts in currencies.items() if _has_lingered(amounts)]
    expected = expected_document(model, document_id, sums, lingering)
    has_room = not is_full(stored)
    _fit_maps(model, expected, stored, keys_max, has_room=has_room)
    names = [field.name for field in model.fields.values() if field.kind == "money_map"]
    pairs = [(expected, stored)]
    for currency, amounts in expected.get("currencies", {}).items():
        pairs.append((amounts, _inner(currencies, currency)))
    for document, holder in pairs:
        for name in names:
            if document[name] is not None:
                document[name] = fit_map(
                    document[name], _inner(holder, name), keys_max, has_room=has_room
                )
    return expected


def fitted_new(
    model: Model, document_id: str, sums: Mapping[str, int], keys_max: int
) -> tuple[Document, bool]:
    """The document to insert where none is stored, and whether it is full from the beginning."""
    expected = fitted(model, document_id, sums, {}, keys_max)
    if len(bson.encode(expected)) <= FULL_BYTES:
        return expected, False
    return fitted(model, document_id, sums, {"_daybook": {"full": True}}, keys_max), True


def is_full(stored: Document) -> bool:
    """Whether the document refuses new keys in its maps, because of its size."""
    return _inner(stored.get("_daybook"), "full") is True


def _fit_maps(
    model: Model, expected: Document, stored: Document, keys_max: int, *, has_room: bool
) -> None:
    """A breakdown's money is in two maps; both name the keys that the top-level one names.

    In a full document each of them names its own, and names for display stay as they are.
    """
    for field in model.maps():
        full, stored_map = expected[field.name], stored.get(field.name)
        if field.is_breakdown:
            named = maps.named_keys(full, stored_map, keys_max, stays_full=True, has_room=has_room)
            expected[field.name] = maps.fit_breakdown(full, named)
            for currency, amounts in expected.get("currencies", {}).items():
                own = amounts.get(field.name, {})
                if not has_room:
                    there = _inner(_inner(stored.get("currencies"), currency), field.name)
                    named = maps.named_keys(
                        own, there, keys_max, stays_full=True, has_room=has_room
                    )
                amounts[field.name] = maps.fit_breakdown(own, named)
            if field.is_named and not has_room:
                for key, entry in expected[field.name].items():
                    entry[maps.NAME] = _inner(_inner(stored_map, key), maps.NAME)
        elif field.parts:
            expected[field.name] = {
                group: fit_map(
                    full[group],
                    _inner(stored_map, group),
                    keys_max,
                    stays_full=True,
                    has_room=has_room,
                )
                for group in full
            }
        else:
            expected[field.name] = fit_map(
                full, stored_map, keys_max, stays_full=True, has_room=has_room
            )


def _has_lingered(amounts: object) -> bool:
    return isinstance(amounts, Mapping) and is_nothing(amounts)


def _inner(holder: object, name: str) -> Any:
    return holder.get(name) if isinstance(holder, Mapping) else None


def same(stored: object, expected: object) -> bool:
    """Equal in value and type: a counter that is a double or an int32 is not the same."""
    if isinstance(stored, Decimal128) and isinstance(expected, Decimal128):
        return stored.to_decimal() == expected.to_decimal()
    return type(stored) is type(expected) and stored == expected


def _map(
    field: Field,
    path: str,
    stored_value: object,
    expected_value: object,
    nulls: tuple[str, ...] = (),
) -> Iterator[UnequalField]:
    """Compares two maps; a missing number counts as 0, and as null if it is named in `nulls`."""
    if not isinstance(stored_value, Mapping):
        yield UnequalField(path, stored_value, expected_value, field.since)
        return
    stored, expected = maps.leaves(field, stored_value), maps.leaves(field, expected_value)
    for leaf in sorted(stored.keys() | expected.keys()):
        nothing = None if leaf[-1] in nulls else Int64(0)
        if not same(stored.get(leaf, nothing), expected.get(leaf, nothing)):
            values = stored.get(leaf, ABSENT), expected.get(leaf, ABSENT)
            yield UnequalField(".".join((path, *leaf)), *values, field.since)


def _field(
    model: Model, name: str, above: str, stored_value: Any, expected_value: Any
) -> Iterator[UnequalField]:
    field = model.fields.get(name)
    since = field.since if field else 0
    if isinstance(stored_value, Mapping) and isinstance(expected_value, Mapping) and field:
        for key in sorted(stored_value.keys() | expected_value.keys()):
            stored, expected = stored_value.get(key, Int64(0)), expected_value.get(key, Int64(0))
            if not same(stored, expected):
                path = f"{above}{name}.{key}"
                yield UnequalField(
                    path, stored_value.get(key, ABSENT), expected_value.get(key, ABSENT), since
                )
    elif isinstance(expected_value, datetime):
        if stored_value != expected_value:
            yield UnequalField(f"{above}{name}", stored_value, expected_value, since)
    elif not same(stored_value, expected_value):
        yield UnequalField(f"{above}{name}", stored_value, expected_value, since)


def _currencies(
    model: Model, expected_value: Document, stored_value: Mapping[str, Any]
) -> Iterator[UnequalField]:
    for currency in sorted(expected_value.keys() | stored_value.keys()):
        stored, expected = stored_value.get(currency, ABSENT), expected_value.get(currency, ABSENT)
        above = f"currencies.{currency}"
        if not isinstance(stored, Mapping) or not isinstance(expected, Mapping):
            # Without a currency, a document lacks every field that it would have.
            lacking = expected if stored is ABSENT and isinstance(expected, Mapping) else ()
            since = min((model.fields[name].since for name in lacking), default=0)
            yield UnequalField(above, stored, expected, since)
            continue
        for name in sorted(stored.keys() | expected.keys()):
            values = stored.get(name, ABSENT), expected.get(name, ABSENT)
            if name in model.fields and model.fields[name].is_map:
                yield from _map(model.fields[name], f"{above}.{name}", *values)
            else:
                yield from _field(model, name, f"{above}.", *values)


def _hours(
    model: Model,
    expected_value: Document,
    stored_value: Mapping[str, Any],
    *,
    several_currencies: bool,
) -> Iterator[UnequalField]:
    """Compares hours; a missing sum counts as 0, a missing rate or average as null."""
    names = {
        field.name
        for field in model.fields.values()
        if field.kind != "money_map"
        and not field.is_map
        and not (several_currencies and model.is_money(field))
    }
    for hour in sorted(expected_value.keys() | stored_value.keys()):
        stored, expected = stored_value.get(hour, {}), expected_value.get(hour, {})
        above = f"hours.{hour}"
        if not isinstance(stored, Mapping) or not is_hour(hour):
            yield UnequalField(above, stored, expected or ABSENT)
            continue
        for name in sorted(stored.keys() | expected.keys()):
            nothing = model.fields[name].nothing if name in names else ABSENT
            values = stored.get(name, nothing), expected.get(name, nothing)
            yield from _field(model, name, f"{above}.", *values)


def is_hour(hour: str) -> bool:
    """Whether it is a key of `hours`: "00" to "23"."""
    return len(hour) == 2 and hour.isdigit() and hour < "24"
