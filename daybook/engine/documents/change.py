"""What an event does to documents: effects, folded into one change a document."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.fields import DailyDocument
from daybook.engine.documents.keys import encode_part

_new = tuple.__new__


class Document(NamedTuple):
    """Which document: its model, the parts of its key, its day."""

    model: type[DailyDocument]
    key: tuple[str, ...]
    day: str

    @property
    def id(self) -> str:
        return ":".join([*map(encode_part, self.key), self.day])


class Amount(NamedTuple):
    """Where in a document an amount goes."""

    hour: str
    """Empty where there is a key."""
    field: str
    currency: str | None = None
    key: str | None = None
    """The encoded key of a map, whose amounts belong to the day and to no hour."""
    part: str | None = None
    """Which of a breakdown's numbers; of a count map with groups, which group."""
    name: str | None = None
    """What a breakdown's key is called. It is no sum: the greatest stays, and the value is 0."""


class Effect(NamedTuple):
    """An amount for a document; sums commute, so effects of one document fold into one change."""

    document: Document
    amount: Amount
    value: int


@dataclass(slots=True)
class Change:
    """All that the messages from `first` to `last` do to one document."""

    document: Document
    first: int
    last: int
    amounts: dict[Amount, int] = field(default_factory=dict)

    def add(self, amount: Amount, value: int) -> None:
        self.amounts[amount] = self.amounts.get(amount, 0) + value


def effect(
    model: type[DailyDocument],
    day_hour: DayHour,
    field: str,
    value: int,
    *,
    currency: str | None = None,
    key: str | None = None,
    part: str | None = None,
    name: str | None = None,
    of: Iterable[str] = (),
) -> Effect:
    """An effect on the document of that day; `of` is the document's key before the day."""
    # Made millions of times: by the class itself each takes twice as long.
    document = _new(Document, (model, tuple(of), day_hour[0]))
    amount = _new(Amount, (day_hour[1] if key is None else "", field, currency, key, part, name))
    return _new(Effect, (document, amount, value))
