"""Maps of sums by open keys: as they should be stored, cut to a limit of keys, and flattened."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bson import Int64

from daybook.recount.replay.model import Field

OTHER = "other"
NAME = "name"
RESERVED = frozenset({"unattributed", "direct", "exit"})
"""Keys that a full map admits as well."""

Path = tuple[str, ...]
Map = dict[str, Any]


def named_keys(
    full: Iterable[str], stored: object, keys_max: int, *, stays_full: bool, has_room: bool = True
) -> set[str]:
    """The keys that a map should name; the rest is summed under `other`.

    Which keys a full map admitted depends on the order of writes, which the log does not contain.
    If there is room for all keys, all must be there; otherwise the keys that the stored map names
    must be exact. With `stays_full`, a key keeps its place when its sum returns to zero, so a
    stored map at the limit may have been full once. Without `has_room`, the document is so large
    that its maps take no new keys.
    """
    keys = set(full)
    stored_keys = set(stored if isinstance(stored, Mapping) else ()) - {OTHER}
    if not has_room:
        return stored_keys | (RESERVED & keys)
    if len(keys) <= keys_max and not (stays_full and len(stored_keys) >= keys_max):
        return keys
    named = stored_keys | (RESERVED & keys)
    return named | set(sorted(keys - named)[: max(0, keys_max - len(named))])


def fit_map(
    full: Mapping[str, Int64],
    stored: object,
    keys_max: int,
    *,
    stays_full: bool = False,
    has_room: bool = True,
) -> dict[str, Int64]:
    """What a map of numbers should hold, given the keys that the stored map admitted."""
    named = named_keys(full, stored, keys_max, stays_full=stays_full, has_room=has_room)
    if named == full.keys():
        return dict(full)
    fitted = {key: full.get(key, Int64(0)) for key in named}
    fitted[OTHER] = Int64(sum(full.values()) - sum(fitted.values()))
    return fitted


def count_map(field: Field, sums: Mapping[str, Any]) -> Map:
    """Numbers by key, or by group and key, without zeros."""
    if not field.parts:
        return {key: Int64(amount) for key, amount in sums.items() if amount}
    groups = {group: count_map(_FLAT, amounts) for group, amounts in sums.items()}
    return {group: amounts for group, amounts in groups.items() if amounts}


def breakdown(field: Field, sums: Mapping[str, Any], currencies: Mapping[str, Any]) -> Map:
    """All numbers by key; money in the only currency, or null if there are several."""
    keys = {key for key, parts in sums.items() if any(parts.values())}
    for amounts in currencies.values():
        keys |= breakdown_money(field, amounts.get(field.name, {})).keys()
    entries: Map = {}
    for key in keys:
        counts = sums.get(key, {})
        entry: Map = {NAME: counts.get(NAME)} if field.is_named else {}
        entry |= {part: Int64(counts.get(part, 0)) for part in field.parts}
        for part in field.money_parts:
            amounts = [c.get(field.name, {}).get(key, {}) for c in currencies.values()]
            cents = sum(amount.get(part, 0) for amount in amounts)
            entry[part] = None if len(currencies) > 1 else Int64(cents)
        entries[key] = entry
    return entries


def breakdown_money(field: Field, sums: Mapping[str, Any]) -> Map:
    """The part of a breakdown that stands under one currency."""
    return {
        key: {part: Int64(parts.get(part, 0)) for part in field.money_parts}
        for key, parts in sums.items()
        if any(parts.values())
    }


def fit_breakdown(full: Map, named: set[str]) -> Map:
    """The entries of the named keys, and under `other` the sum of the rest."""
    fitted = {key: entry for key, entry in full.items() if key in named}
    rest = [entry for key, entry in full.items() if key not in named]
    if rest:
        fitted[OTHER] = {
            part: None if part == NAME else _total([entry[part] for entry in rest])
            for part in rest[0]
        }
    return fitted


def leaves(field: Field, stored: object) -> dict[Path, Any]:
    """A map's numbers and names, by their path in it. Anything unexpected is a leaf as well."""
    depth = 2 if field.parts else 1
    return dict(_leaves(stored, depth, ()))


def _leaves(stored: object, depth: int, above: Path) -> Iterator[tuple[Path, Any]]:
    if depth == 0 or not isinstance(stored, Mapping):
        yield above, stored
        return
    for key, inside in stored.items():
        yield from _leaves(inside, depth - 1, (*above, key))


def _total(amounts: list[Any]) -> Int64 | None:
    return None if None in amounts else Int64(sum(amounts))


_FLAT = Field("", "count_map", None, None, 1)
