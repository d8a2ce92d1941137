"""What a group writes to Redis while it counts, and the functions that compute it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from daybook.engine.documents.fields import DailyDocument, Event, currency_fields, scalar_fields

Stored = Mapping[str, Any]
"""A document as stored in MongoDB, projected: of its maps, only `currencies` is present."""

Value = str | int | float


class Totals(NamedTuple):
    """A document's totals as a Redis hash: absolute values, guarded by `date` and `revision`.

    They are published on the document's own `channel`, if it has one, and together with other
    totals on the `dashboard` channel.
    """

    key: str
    date: str
    revision: int
    fields: dict[str, Value]
    dashboard: str
    channel: str | None = None


class Entry(NamedTuple):
    """A member of a sorted set that keeps members for `window_ms`, the newest `kept` (0: all)."""

    key: str
    member: str
    at_ms: int
    window_ms: int
    kept: int = 0


class Presence(NamedTuple):
    """The presence of `who` at `at_ms`, and their place from then on: None is unchanged, "" none.

    `key` is a sorted set of everyone present within `window_ms`, `<key>:<place>` a sorted set of
    everyone at that place, and the hash `places` maps each person to their place.
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
    """Pure functions from durable documents and counted events to what Redis shows.

    `totals` has a function for each model with live totals. `updates` gives the updates for one
    event and the time at which the broker appended it, in milliseconds since 1970. `stages` are
    aggregation stages by model, which add to a projected document what its totals need besides.
    """

    totals: Mapping[type[DailyDocument], Callable[[Stored], Totals]]
    updates: Callable[[Event, int], Iterable[LiveUpdate]]
    stages: Mapping[type[DailyDocument], Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def scalars(model: type[DailyDocument], stored: Stored) -> dict[str, Value]:
    """Every number of a document outside its maps; money also as `<field>.<currency>`.

    Null values (a rate without a denominator, money in several currencies) are left out.
    """
    numbers: dict[str, Value] = {
        name: stored[name] for name in scalar_fields(model) if stored.get(name) is not None
    }
    for currency, amounts in sorted(stored.get("currencies", {}).items()):
        for name in currency_fields(model):
            if amounts.get(name) is not None:
                numbers[f"{name}.{currency}"] = amounts[name]
    return numbers
