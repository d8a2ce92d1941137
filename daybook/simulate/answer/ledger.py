"""Every amount of every document, added up."""

from collections import Counter
from typing import NamedTuple

from daybook.simulate.answer.clock import When

Path = tuple[str, ...]
"""A field of its own, or a map's field, its key, and what is counted under it."""


class Document(NamedTuple):
    """`names`: the parts of its key before the day."""

    collection: str
    names: tuple[str, ...]
    day: str


class Amount(NamedTuple):
    """Where an amount stands; `hour` for what hours tell, `currency` for money."""

    document: Document
    path: Path
    hour: str | None
    currency: str | None


class Ledger:
    """`sign` -1 takes away what is added."""

    def __init__(self) -> None:
        self.amounts: Counter[Amount] = Counter()
        self.called: dict[Document, dict[Path, str]] = {}
        self.sign = 1

    def scalar(self, collection: str, names: Path, at: When, field: str, amount: int = 1) -> None:
        """A counter of the day, and of the hour."""
        document = Document(collection, names, at.day)
        self.amounts[Amount(document, (field,), at.hour, None)] += self.sign * amount

    def each(self, collection: str, names: Path, at: When, field: str, currency: str) -> None:
        """A counter of the day and of the hour, which stands by currency as well."""
        self.scalar(collection, names, at, field)
        self.money(collection, names, at, (field,), currency, 1)

    def entry(self, collection: str, names: Path, day: str, path: Path, amount: int = 1) -> None:
        """A counter in a map; its keys are encoded already."""
        document = Document(collection, names, day)
        self.amounts[Amount(document, path, None, None)] += self.sign * amount

    def money(
        self, collection: str, names: Path, at: When, path: Path, currency: str, amount: int
    ) -> None:
        """An amount of a currency: a field, or in a map."""
        hour = at.hour if len(path) == 1 else None
        document = Document(collection, names, at.day)
        self.amounts[Amount(document, path, hour, currency)] += self.sign * amount

    def name(self, collection: str, names: Path, day: str, path: Path, text: str) -> None:
        """What a key of a map is called: the greatest of its names, of those that are not empty."""
        called = self.called.setdefault(Document(collection, names, day), {})
        if text > called.get(path, ""):
            called[path] = text
