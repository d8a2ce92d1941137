"""The basis of a funnel's revenue: its orders, or if it has none, its conversions' values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from daybook.query.figures.money import CurrencyPreference, day_amount, main_currency, others
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.totals import DayDocument, total

Basis = Literal["orders", "conversions"]


@dataclass(frozen=True, slots=True)
class RevenueBasis:
    """The documents and the names of the fields that a funnel's revenue is taken from.

    `gross`: the amount; `count`: the number of sales, which are paid orders or conversions;
    `by_source`: the breakdown by source, and `part` the amount in it.
    """

    basis: Basis
    documents: Sequence[DayDocument]
    gross: str
    count: str
    by_source: str
    part: str

    def currency(self, preference: CurrencyPreference) -> str | None:
        return main_currency(self.documents, self.gross, preference)

    def others(self, main: str | None) -> list[str]:
        return others(self.documents, self.gross, main)

    def gross_cents(self, currency: str | None) -> int:
        return day_amount(self.documents, self.gross, currency)

    def refunded_cents(self, currency: str | None) -> int:
        """0 with the basis `conversions`, because no event revokes a conversion's value."""
        return day_amount(self.documents, "refunded_cents", currency)

    def refund_rate(self, currency: str | None) -> float | None:
        """Refunded over gross; None with the basis `conversions`."""
        if self.basis == "conversions":
            return None
        return rate(self.refunded_cents(currency), self.gross_cents(currency))

    def sales(self, currency: str | None) -> int | None:
        """Sales in this currency; None for conversions in several, which are not counted apart."""
        if self.basis == "orders":
            return day_amount(self.documents, self.count, currency)
        return None if self.others(currency) else total(self.documents, self.count)

    def average_cents(self, currency: str | None) -> int | None:
        return average(self.gross_cents(currency), self.sales(currency) or 0)


def choose_basis(
    days: Sequence[DayDocument], orders: Sequence[DayDocument], basis: Basis | None = None
) -> RevenueBasis:
    """From `analytics_funnel` and `analytics_funnel_revenue` of the same days.

    The basis is `orders` if any order was paid or refunded on these days. `basis` overrides that,
    so that two periods are compared on the same basis.
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
