"""Changes with many keys, reduced to those that their document accepts before they are sent.

A batch can name a hundred thousand keys of one document, and an update with all of them would be
larger than MongoDB takes. So the document is read first, and what it would refuse is added up in
`other` here. The update is valid only for the document as it was read.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import bson

from daybook.engine.documents.change import Amount, Change
from daybook.engine.documents.fields import Breakdown, CountMap, MoneyMap
from daybook.engine.mongo.map_expressions import OTHER
from daybook.engine.mongo.map_update import FULL_BYTES, NEVER_REFUSED, growth, inside

AMOUNTS_MAX = 500
"""A change with more amounts in maps is large. So other updates have at most 500 keys, in two maps
each: less than a megabyte."""


def is_large(change: Change) -> bool:
    """Whether the change must be reduced before it is sent."""
    if len(change.amounts) <= AMOUNTS_MAX:
        return False
    return sum(amount.key is not None for amount in change.amounts) > AMOUNTS_MAX


class Reduced(NamedTuple):
    """A change with the keys that its document accepts.

    `growth`: the bytes that it adds at most. `fills`: whether the document takes no more new keys
    after it.
    """

    change: Change
    growth: int
    fills: bool = False


def reduced(change: Change, stored: Mapping[str, Any], keys_max: int) -> Reduced:
    """The change with at most `keys_max` keys in each map.

    If they do not fit into the document, with as many in each map as do; if that is none, with no
    keys that a map lacks.
    """
    is_full = inside(stored, "_daybook").get("full") is True
    size = len(bson.encode(stored))
    new_max = 0 if is_full else keys_max
    while new_max:
        smaller = _reduced(change, _acceptance(change, stored, keys_max, new_max), None)
        added = growth(smaller, stored)
        if size + added <= FULL_BYTES:
            return Reduced(smaller, added, fills=new_max < keys_max)
        new_max //= 4
    # The update itself finds that the document is full, and says so in it.
    return Reduced(_reduced(change, _acceptance(change, stored, 0, 0), stored), FULL_BYTES)


Accepted = Mapping[str, set[str]]
"""By path of the map that decides, the keys of the change that it has or takes."""


def _acceptance(change: Change, stored: Mapping[str, Any], keys_max: int, new_max: int) -> Accepted:
    asked: dict[str, set[str]] = {}
    for amount in change.amounts:
        if amount.key is not None:
            asked.setdefault(_gate(change, amount), set()).add(amount.key)
    accepted = {}
    for gate, keys in asked.items():
        known = inside(stored, gate)
        room = min(new_max, max(0, keys_max - len(known.keys() - {OTHER})))
        new = sorted(keys - known.keys() - NEVER_REFUSED)
        accepted[gate] = keys - set(new[room:])
    return accepted


def _gate(change: Change, amount: Amount) -> str:
    """The path of the map that decides about an amount's key."""
    match change.document.model.fields[amount.field]:
        case MoneyMap():
            return f"currencies.{amount.currency}.{amount.field}"
        case CountMap() if amount.part:
            return f"{amount.field}.{amount.part}"
    return amount.field


def _reduced(change: Change, accepted: Accepted, full: Mapping[str, Any] | None) -> Change:
    """`full`: the stored document if it is full, so that each of its maps decides for itself."""
    smaller = Change(change.document, change.first, change.last)
    currencies = inside(full or {}, "currencies").keys() | {a.currency for a in change.amounts}
    # With one currency, a key's money is also beside its counts, under its own name.
    has_several = len(currencies - {None}) > 1
    for amount, value in change.amounts.items():
        if amount.key is None:
            smaller.amounts[amount] = value
            continue
        is_accepted = amount.key in accepted[_gate(change, amount)]
        if is_accepted and full is not None and has_several and amount.key not in NEVER_REFUSED:
            field = change.document.model.fields[amount.field]
            if isinstance(field, Breakdown) and amount.currency:
                own = inside(full, f"currencies.{amount.currency}.{amount.field}")
                is_accepted = amount.key in own
        if is_accepted:
            smaller.amounts[amount] = value
        elif amount.name is None:
            smaller.add(amount._replace(key=OTHER), value)
    return smaller
