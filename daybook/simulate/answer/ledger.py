"""The ledger: adds up every amount of every document."""

from collections import Counter
from typing import NamedTuple

from daybook.simulate.answer.clock import When

Path = tuple[str, ...]
"""A field, or a map's field, its key, and the part counted under that key."""


class Document(NamedTuple):
    """A daily document; `names` are the parts of its key before the day."""

    collection: str
    names: tuple[str, ...]
    day: str


class Amount(NamedTuple):
    """The place of an amount; `hour` if it also counts by hour, `currency` if it is money."""

    document: Document
    path: Path
    hour: str | None
    currency: str | None


class Ledger:
    """Amounts by place. While `sign` is -1, everything is subtracted instead of added."""

    def __init__(self) -> None:
        self.amounts: Counter[Amount] = Counter()
        self.display_names: dict[Document, dict[Path, str]] = {}
        self.sign = 1

    def counter(self, collection: str, names: Path, at: When, field: str, amount: int = 1) -> None:
        """Adds to a counter of the day and the hour."""
        document = Document(collection, names, at.day)
        self.amounts[Amount(document, (field,), at.hour, None)] += self.sign * amount

    def currency_counter(
        self, collection: str, names: Path, at: When, field: str, currency: str
    ) -> None:
        """Adds 1 to a counter of the day and the hour that also counts by currency."""
        self.counter(collection, names, at, field)
        self.money(collection, names, at, (field,), currency, 1)

    def map_counter(
        self, collection: str, names: Path, day: str, path: Path, amount: int = 1
    ) -> None:
        """Adds to a counter in a map, whose keys are already encoded."""
        document = Document(collection, names, day)
        self.amounts[Amount(document, path, None, None)] += self.sign * amount

    def money(
        self, collection: str, names: Path, at: When, path: Path, currency: str, amount: int
    ) -> None:
        """Adds an amount of a currency, to a field or in a map."""
        hour = at.hour if len(path) == 1 else None
        document = Document(collection, names, at.day)
        self.amounts[Amount(document, path, hour, currency)] += self.sign * amount

    def name(self, collection: str, names: Path, day: str, path: Path, text: str) -> None:
        """Sets the display name of a map's key: the greatest of its names that are not empty."""
        display_names = self.display_names.setdefault(Document(collection, names, day), {})
        if text > display_names.get(path, ""):
            display_names[path] = text
