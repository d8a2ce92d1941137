"""What a funnel earned: by orders that name it, or where none does by its conversions' values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from daybook.query.figures.money import Wanted, known, main_currency, others
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.totals import DayDocument, total

Basis = Literal["orders", "conversions"]


@dataclass(frozen=True, slots=True)
class RevenueBasis:
    """The documents that money is taken from, and the fields that say it.

    `count` is what there is one of for each sale: a paid order, or a conversion.
    """

    basis: Basis
    documents: Sequence[DayDocument]
    gross: str
    count: str
    by_source: str
    worth: str

    def currency(self, wanted: Wanted) -> str | None:
        return main_currency(self.documents, self.gross, wanted)

    def others(self, main: str | None) -> list[str]:
        return others(self.documents, self.gross, main)

    def gross_cents(self, currency: str | None) -> int:
        return known(self.documents, self.gross, currency)

    def refunded_cents(self, currency: str | None) -> int:
        """0 of conversions: no event takes one's value back."""
        return known(self.documents, "refunded_cents", currency)

    def refund_rate(self, currency: str | None) -> float | None:
        """Refunded over gross. Null where conversions are all that is known."""
        if self.basis == "conversions":
            return None
        return rate(self.refunded_cents(currency), self.gross_cents(currency))

    def sales(self, currency: str | None) -> int | None:
        """How many in this currency; conversions in several currencies are not told apart."""
        if self.basis == "orders":
            return known(self.documents, self.count, currency)
        return None if self.others(currency) else total(self.documents, self.count)

    def average_cents(self, currency: str | None) -> int | None:
        return average(self.gross_cents(currency), self.sales(currency) or 0)


def earned(
    days: Sequence[DayDocument], orders: Sequence[DayDocument], basis: Basis | None = None
) -> RevenueBasis:
    """From `analytics_funnel` and `analytics_funnel_revenue` of the same days.

    Orders count as soon as one of them was paid or refunded in these days; `basis` says it
    beforehand, so that two periods are reckoned alike.
    """
    if basis is None:
        basis = "orders" if any(map(_has_orders, orders)) else "conversions"
    if basis == "orders":
        return RevenueBasis(
            basis, orders, "gross_revenue_cents", "orders", "by_source", "revenue_cents"
        )
    return RevenueBasis(basis, days, "value_cents", "conversions", "sources", "value_cents")


def _has_orders(day: Any) -> bool:
    return any(day.get(field) for field in ("orders", "refunded_orders", "units"))
