"""The basis of a funnel's revenue: its orders, or the values of its conversions.

It is a property of the funnel, the same for every range: what `funnel.published` declares as
`revenue_basis`, else the orders if the funnel has ever had any.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from daybook.query.figures.map_keys import DIRECT, UNATTRIBUTED
from daybook.query.figures.money import CurrencyPreference, day_amount, main_currency, others
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.totals import DayDocument, total
from daybook.query.funnels.definition import Basis, Definition, has_orders
from daybook.query.read.scope import Scope


@dataclass(frozen=True, slots=True)
class RevenueBasis:
    """The documents and the names of the fields that a funnel's revenue is taken from.

    `amounts`: all that are in money; `gross`: the amount sold; `count`: the number of sales, which
    are paid orders or conversions; `by_source`: the breakdown by source, `part` the amount in it,
    and `no_source` its key of sales without one.
    """

    basis: Basis
    documents: Sequence[DayDocument]
    amounts: tuple[str, ...]
    gross: str
    count: str
    by_source: str
    part: str
    no_source: str

    def currency(self, preference: CurrencyPreference) -> str | None:
        return main_currency(self.documents, self.amounts, preference)

    def others(self, main: str | None) -> list[str]:
        return others(self.documents, self.amounts, main)

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


def revenue_by(
    basis: Basis, days: Sequence[DayDocument], orders: Sequence[DayDocument]
) -> RevenueBasis:
    """From `analytics_funnel` and `analytics_funnel_revenue` of the same days."""
    if basis == "orders":
        return RevenueBasis(
            basis,
            orders,
            ("gross_revenue_cents", "refunded_cents"),
            "gross_revenue_cents",
            "orders",
            "by_source",
            "revenue_cents",
            UNATTRIBUTED,
        )
    return RevenueBasis(
        basis,
        days,
        ("value_cents",),
        "value_cents",
        "conversions",
        "sources",
        "value_cents",
        DIRECT,
    )


async def load_basis(scope: Scope, funnel: Definition) -> Basis:
    """The declared basis, else `orders` if a day of the funnel's orders was ever stored."""
    if funnel.revenue_basis is not None:
        return funnel.revenue_basis
    return "orders" if await has_orders(scope, funnel.funnel_id) else "conversions"
