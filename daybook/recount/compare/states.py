"""State documents against what the log says of their keys."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from bson import Int64

from daybook.recount.compare.documents import ABSENT, OWN_FIELDS, Unequal
from daybook.recount.recounted import Document
from daybook.recount.replay.model import Model

_OF_THE_KEY = frozenset({"order_id", "organization_id", "visitor_id", "home"})

T = TypeVar("T")
S = TypeVar("S")


def paired(
    left: Iterable[tuple[str, T]], right: Iterable[tuple[str, S]]
) -> Iterator[tuple[str, T | None, S | None]]:
    """Both sides, each in the order of its names, name by name."""
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


def unequal_fields(model: Model, stored: Document, should: Document) -> list[Unequal]:
    """Every field of a state document that is not what it should be; ids as hex digits."""
    unequal = []
    for name in model.fields.keys() | (stored.keys() - OWN_FIELDS):
        now, then = stored.get(name, ABSENT), should.get(name, ABSENT)
        if name == "event_ids":
            now = _hexadecimal(now)
            equal = now == then
        else:
            equal = identical(now, then)
        if not equal:
            since = model.fields[name].since if name in model.fields else 0
            unequal.append(Unequal(name, now, then, since))
    return sorted(unequal)


def identical(stored: object, should: object) -> bool:
    """Equal in value and type, all the way down; both widths of integers are integers."""
    if isinstance(should, dict):
        return (
            isinstance(stored, dict)
            and stored.keys() == should.keys()
            and all(identical(stored[name], value) for name, value in should.items())
        )
    if isinstance(should, list):
        return (
            isinstance(stored, list)
            and len(stored) == len(should)
            and all(map(identical, stored, should))
        )
    if type(should) is int:
        return type(stored) in (int, Int64) and stored == should
    return type(stored) is type(should) and stored == should


def not_blank(model: Model, stored: Document) -> list[Unequal]:
    """What a state says of a key that the log does not know.

    Nothing but whose it is and where the key is at home may stand there: that is written before
    anything of the key is counted.
    """
    written_before = _OF_THE_KEY if "home" in model.fields else frozenset()
    return [
        Unequal(name, value, ABSENT)
        for name, value in sorted(stored.items())
        if name not in OWN_FIELDS | written_before
        and (name not in model.fields or value not in (None, 0, {}, []))
    ]


def _hexadecimal(ids: Any) -> Any:
    if not isinstance(ids, list):
        return ids
    return [each.hex() if isinstance(each, bytes) else each for each in ids]
