"""Compares stored documents with the known answer."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from daybook.simulate.answer.render import Line
from daybook.simulate.answer.shape import MONEY_MAPS, SHAPES, Shape

Fields = Mapping[str, Any]
Where = tuple[str, str]
"""A collection and a document's `_id`."""
Flat = dict[tuple[str, ...], int | str | None]
"""By path: the scalars, and the nonzero numbers in maps, hours and currencies."""


class Difference(NamedTuple):
    """A field that differs; `field` is its path, joined by spaces."""

    field: str
    stored: Any
    expected: Any


def differences(
    collection: str, stored: Fields | None, expected: Fields | None
) -> list[Difference]:
    """The differing fields of one document; `expected` are an answer's `fields`.

    An absent document, on either side, is all zeros. Fields that the answer does not have (rates,
    averages, ids) are ignored. In maps and hours, 0, null and absent are the same. A currency may
    be stored with zeros only: it stays when its last amount moves away, unlike in the answer.
    """
    one, other = flat_pair(collection, stored, expected)
    return [
        Difference(" ".join(path), one.get(path, 0), other.get(path, 0))
        for path in sorted(one.keys() | other.keys())
        if one.get(path, 0) != other.get(path, 0)
    ]


def by_document(lines: Iterable[Line]) -> dict[Where, Fields]:
    """An answer's lines by document."""
    return {(line["collection"], line["_id"]): line["fields"] for line in lines}


def all_differences(
    stored: Mapping[Where, Fields], expected: Mapping[Where, Fields]
) -> Iterator[tuple[Where, Difference]]:
    """The differences of all documents on either side, in the order of their names."""
    for where in sorted(stored.keys() | expected.keys()):
        for difference in differences(where[0], stored.get(where), expected.get(where)):
            yield where, difference


def flat_pair(collection: str, stored: Fields | None, expected: Fields | None) -> tuple[Flat, Flat]:
    """The stored and the expected document, flattened to the same form."""
    shape = SHAPES[collection]
    kept = set((stored or {}).get("currencies", {}))
    return (
        _flat(shape, stored or {}),
        _flat(shape, _with_currencies(collection, expected or {}, kept)),
    )


def _with_currencies(collection: str, expected: Fields, kept: set[str]) -> Fields:
    """The expected fields if each of the currencies had an amount.

    With several currencies, money is not added up outside `currencies`.
    """
    shape, known = SHAPES[collection], set(expected.get("currencies", {}))
    if kept <= known or len(kept | known) == 1:
        return expected
    apart = dict(expected) | dict.fromkeys(shape.money)
    for name, parts in MONEY_MAPS.get(collection, {}).items():
        apart[name] = {
            key: dict(entry) | dict.fromkeys(parts)
            for key, entry in expected.get(name, {}).items()
            if parts
        }
    apart["hours"] = {
        hour: {name: value for name, value in counters.items() if name not in shape.money}
        for hour, counters in expected.get("hours", {}).items()
    }
    return apart


def _flat(shape: Shape, document: Fields) -> Flat:
    scalars = (*shape.counters, *shape.currency_counters, *shape.money)
    found: Flat = {(name,): _number(document.get(name, 0)) for name in scalars}
    for name in shape.maps:
        found |= dict(_leaves((name,), document.get(name, {})))
    for hour, counters in document.get("hours", {}).items():
        known = {name: counters[name] for name in scalars if name in counters}
        found |= dict(_leaves(("hours", hour), known))
    for currency, amounts in document.get("currencies", {}).items():
        names = (*shape.money, *shape.currency_counters, *shape.maps)
        known = {name: amounts[name] for name in names if name in amounts}
        found |= dict(_leaves(("currencies", currency), known))
    return found


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], int | str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves((*path, name), inner)
    elif isinstance(value, str):
        yield path, value
    elif number := _number(value):
        yield path, number


def _number(value: Any) -> int | None:
    """As int, also from BSON's own integers and decimals."""
    return None if value is None else int(str(value))
