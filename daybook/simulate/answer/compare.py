"""Where a stored document differs from what it must hold."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from daybook.simulate.answer.render import Line
from daybook.simulate.answer.shape import MONEY_MAPS, SHAPES, Shape

Fields = Mapping[str, Any]
Where = tuple[str, str]
"""A collection and a document's `_id`."""
Flat = dict[tuple[str, ...], int | str | None]
"""By path: the scalars, and what is not 0 in maps, hours and currencies."""


class Difference(NamedTuple):
    """`field`: its path, joined by spaces."""

    field: str
    stored: Any
    told: Any


def differences(collection: str, stored: Fields | None, told: Fields | None) -> list[Difference]:
    """`told`: an answer's `fields`. A document that is absent, on either side, is all zeros.

    What the answer does not tell (rates, averages, ids) is not looked at. In maps and hours, 0,
    null and absent are the same. A currency may be stored with nothing but zeros: it stays when its
    last amount goes, which the answer does not know.
    """
    one, other = beside(collection, stored, told)
    return [
        Difference(" ".join(path), one.get(path, 0), other.get(path, 0))
        for path in sorted(one.keys() | other.keys())
        if one.get(path, 0) != other.get(path, 0)
    ]


def by_document(lines: Iterable[Line]) -> dict[Where, Fields]:
    """What an answer tells of each document."""
    return {(line["collection"], line["_id"]): line["fields"] for line in lines}


def all_differences(
    stored: Mapping[Where, Fields], told: Mapping[Where, Fields]
) -> Iterator[tuple[Where, Difference]]:
    """Those of every document that is on either side, in the order of their names."""
    for where in sorted(stored.keys() | told.keys()):
        for each in differences(where[0], stored.get(where), told.get(where)):
            yield where, each


def beside(collection: str, stored: Fields | None, told: Fields | None) -> tuple[Flat, Flat]:
    """Both in the same form."""
    shape = SHAPES[collection]
    kept = set((stored or {}).get("currencies", {}))
    return (
        _flat(shape, stored or {}),
        _flat(shape, _with_currencies(collection, told or {}, kept)),
    )


def _with_currencies(collection: str, told: Fields, kept: set[str]) -> Fields:
    """What would be told if each of the currencies had an amount: two are never added."""
    shape, known = SHAPES[collection], set(told.get("currencies", {}))
    if kept <= known or len(kept | known) == 1:
        return told
    apart = dict(told) | dict.fromkeys(shape.money)
    for name, parts in MONEY_MAPS.get(collection, {}).items():
        apart[name] = {
            key: dict(entry) | dict.fromkeys(parts)
            for key, entry in told.get(name, {}).items()
            if parts
        }
    apart["hours"] = {
        hour: {name: value for name, value in counters.items() if name not in shape.money}
        for hour, counters in told.get("hours", {}).items()
    }
    return apart


def _flat(shape: Shape, document: Fields) -> Flat:
    scalars = (*shape.counters, *shape.each, *shape.money)
    found: Flat = {(name,): _number(document.get(name, 0)) for name in scalars}
    for name in shape.maps:
        found |= dict(_leaves((name,), document.get(name, {})))
    for hour, counters in document.get("hours", {}).items():
        known = {name: counters[name] for name in scalars if name in counters}
        found |= dict(_leaves(("hours", hour), known))
    for currency, own in document.get("currencies", {}).items():
        several = (*shape.money, *shape.each, *shape.maps)
        known = {name: own[name] for name in several if name in own}
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
    """Also of BSON's own integers and decimals."""
    return None if value is None else int(str(value))
