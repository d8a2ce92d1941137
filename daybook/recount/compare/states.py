"""Compares state documents with what the log says about their keys."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from bson import Int64

from daybook.recount.compare.documents import ABSENT, OWN_FIELDS, UnequalField
from daybook.recount.recounted import Document
from daybook.recount.replay.model import Model

_KEY_FIELDS = frozenset({"order_id", "organization_id", "visitor_id", "home"})

T = TypeVar("T")
S = TypeVar("S")


def paired(
    left: Iterable[tuple[str, T]], right: Iterable[tuple[str, S]]
) -> Iterator[tuple[str, T | None, S | None]]:
    """Merges two sequences sorted by name: name, left value, right value; None where absent."""
    lefts, rights = iter(left), iter(right)
    a, b = next(lefts, None), next(rights, None)
    while a is not None or b is not None:
        name = min(pair[0] for pair in (a, b) if pair is not None)
        from_left = from_right = None
        if a is not None and a[0] == name:
            from_left, a = a[1], next(lefts, None)
        if b is not None and b[0] == name:
            from_right, b = b[1], next(rights, None)
        yield name, from_left, from_right


def unequal_fields(model: Model, stored: Document, expected: Document) -> list[UnequalField]:
    """Every field of a state document that differs; ids as hexadecimal digits."""
    unequal = []
    for name in model.fields.keys() | (stored.keys() - OWN_FIELDS):
        stored_value, expected_value = stored.get(name, ABSENT), expected.get(name, ABSENT)
        if name == "event_ids":
            stored_value = _hexadecimal(stored_value)
            equal = stored_value == expected_value
        else:
            equal = identical(stored_value, expected_value)
        if not equal:
            since = model.fields[name].since if name in model.fields else 0
            unequal.append(UnequalField(name, stored_value, expected_value, since))
    return sorted(unequal)


def identical(stored: object, expected: object) -> bool:
    """Equal in value and type at every depth; int32 and int64 are the same type."""
    if isinstance(expected, dict):
        return (
            isinstance(stored, dict)
            and stored.keys() == expected.keys()
            and all(identical(stored.get(name), value) for name, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(stored, list)
            and len(stored) == len(expected)
            and all(map(identical, stored, expected))
        )
    if type(expected) is int:
        return type(stored) in (int, Int64) and stored == expected
    return type(stored) is type(expected) and stored == expected


def stored_form(expected: Document) -> Document:
    """The state as it is stored: ids as bytes."""
    if "event_ids" not in expected:
        return expected
    return expected | {"event_ids": [bytes.fromhex(digits) for digits in expected["event_ids"]]}


def version(document: Document, of_group: int) -> int:
    """The document's model version; if it has none, the one recorded for the group."""
    bookkeeping: Any = document.get("_daybook")
    own = bookkeeping.get("model") if isinstance(bookkeeping, dict) else None
    return own if isinstance(own, int) else of_group


def unexplained_fields(model: Model, stored: Document) -> list[UnequalField]:
    """The fields of a state whose key is not in the log.

    Only the key's names and its home partition are allowed there, because members write these
    before they count anything for the key.
    """
    written_ahead = _KEY_FIELDS if "home" in model.fields else frozenset()
    return [
        UnequalField(name, value, ABSENT)
        for name, value in sorted(stored.items())
        if name not in OWN_FIELDS | written_ahead
        and (name not in model.fields or not _is_empty(value))
    ]


def _is_empty(value: Any) -> bool:
    """Whether a field has the value of a new state: nothing, or a map of zeros."""
    if isinstance(value, dict):
        return not any(value.values())
    return value in (None, 0, [])


def _hexadecimal(ids: Any) -> Any:
    if not isinstance(ids, list):
        return ids
    return [one_id.hex() if isinstance(one_id, bytes) else one_id for one_id in ids]
