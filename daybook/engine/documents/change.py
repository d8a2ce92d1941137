"""Effects of events on daily documents, and changes: the folded effects on one document."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.fields import DailyDocument
from daybook.engine.documents.keys import encode_part

_new = tuple.__new__


class Document(NamedTuple):
    """The identity of a daily document: its model, the parts of its key, its day (YYYY-MM-DD)."""

    model: type[DailyDocument]
    key: tuple[str, ...]
    day: str

    @property
    def id(self) -> str:
        """The document's `_id`."""
        return ":".join([*map(encode_part, self.key), self.day])


class Amount(NamedTuple):
    """The place of an amount within a document."""

    hour: str
    """Empty if `key` is set: map entries belong to the day, not to an hour."""
    field: str
    currency: str | None = None
    key: str | None = None
    """The encoded key of an entry in a map."""
    part: str | None = None
    """The number within a breakdown's entry, or the group of a count map with groups."""
    name: str | None = None
    """A display name for a breakdown's key; not a sum: the greatest is kept, the value is 0."""


class Effect(NamedTuple):
    """A value to add at one place of a document; sums commute, so effects fold into changes."""

    document: Document
    amount: Amount
    value: int


@dataclass(slots=True)
class Change:
    """Everything that the messages from offset `first` to `last` add to one document."""

    document: Document
    first: int
    last: int
    amounts: dict[Amount, int] = field(default_factory=dict)

    def add(self, amount: Amount, value: int) -> None:
        """Adds a value to what the change adds at this place."""
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
    """An effect on the document of that day; `of` has the parts of its key before the day."""
    # Called millions of times; the named tuples' own constructors take twice as long.
    document = _new(Document, (model, tuple(of), day_hour[0]))
    amount = _new(Amount, (day_hour[1] if key is None else "", field, currency, key, part, name))
    return _new(Effect, (document, amount, value))
