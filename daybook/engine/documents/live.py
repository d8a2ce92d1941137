"""How a group shows in Redis while it counts: what is written there, and who works it out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from daybook.engine.documents.fields import DailyDocument, Event, by_currency, shown

Stored = Mapping[str, Any]
"""A document as MongoDB has it; of its maps nothing but `currencies` may be there."""

Value = str | int | float


class Totals(NamedTuple):
    """A document's totals as a hash: absolute, and guarded by `date` and `revision`.

    Published on its own `channel`, if it has one, and with others on the `dashboard`'s.
    """

    key: str
    date: str
    revision: int
    fields: dict[str, Value]
    dashboard: str
    channel: str | None = None


class Entry(NamedTuple):
    """A member of a sorted set, kept for `window_ms`; of them the newest `kept`, 0 being all."""

    key: str
    member: str
    at_ms: int
    window_ms: int
    kept: int = 0


class Presence(NamedTuple):
    """Who was there when, and at which place from then on: None is where he was, "" is nowhere.

    `key` is a sorted set of all who were there within `window_ms`, `<key>:<place>` of those at a
    place, and the hash `places` says who is where.
    """

    key: str
    places: str
    who: str
    at_ms: int
    window_ms: int
    place: str | None = None


LiveUpdate = Entry | Presence


@dataclass(frozen=True, slots=True)
class Live:
    """Pure functions from what is durable to what is shown.

    `totals` has one for each model that shows; `signs` is of one event and the time, in
    milliseconds, at which the broker appended it.
    """

    totals: Mapping[type[DailyDocument], Callable[[Stored], Totals]]
    signs: Callable[[Event, int], Iterable[LiveUpdate]]


def scalars(model: type[DailyDocument], stored: Stored) -> dict[str, Value]:
    """Every number of a document that is in no map; money also as `<field>.<currency>`.

    What is null (a rate of nothing, money of several currencies) is left out.
    """
    numbers: dict[str, Value] = {
        name: stored[name] for name in shown(model) if stored.get(name) is not None
    }
    for currency, amounts in sorted(stored.get("currencies", {}).items()):
        for name in by_currency(model):
            if amounts.get(name) is not None:
                numbers[f"{name}.{currency}"] = amounts[name]
    return numbers
