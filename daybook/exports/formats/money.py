"""Writes amounts for people, in a file that nobody computes with."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from daybook.engine.currency import CODES, amount
from daybook.exports.formats.cell import Cell

_AMOUNT = "_cents"
_OWN = ("currency", "key", "by_currency.key")
"""The columns that may name a row's own currency; in a map by currency it is the key."""


class Money:
    """Knows the currency of a report: its `currency`, which rows without one of their own have."""

    def __init__(self, body: BaseModel) -> None:
        self._currency: Cell = getattr(body, "currency", None)

    def readable(self, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
        """The rows with amounts as texts, such as `IQD 25,000.000`.

        An amount whose currency is unknown stays a number of minor units.
        """
        return [self._row(dict(zip(columns, row, strict=True))) for row in rows]

    def _row(self, row: Mapping[str, Cell]) -> list[Cell]:
        own = [row[name] for name in _OWN if row.get(name) in CODES]
        currency = own[0] if own else self._currency
        return [
            amount(value, currency)
            if name.endswith(_AMOUNT) and isinstance(value, int) and isinstance(currency, str)
            else value
            for name, value in row.items()
        ]
