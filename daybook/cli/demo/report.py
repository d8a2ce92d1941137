"""The demo's documents by month, as JSON of one day, and in total."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self

from rich.table import Table

from daybook.cli.demo.cdnow import Totals
from daybook.cli.demo.cdnow_events import Event
from daybook.engine.mongo.client import Documents as Database
from daybook.engine.mongo.client import reachable
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay
from models.user_lifecycle import UserLifecycleDay

CURRENCY = "USD"
_UNATTRIBUTED = "unattributed"
_LINE_CHARS_MAX = 120

Day = Mapping[str, Any]
"""A daily document."""


def date_range(events: list[Event]) -> tuple[date, date]:
    """The first and the last day that the events can fall on in any time zone."""
    day = timedelta(days=1)
    first, last = (date.fromisoformat(e.occurred_at[:10]) for e in (events[0], events[-1]))
    return first - day, last + day


def days(database: Database, collection: str, first: date, last: date) -> list[Day]:
    """The documents of the days, by date. Raises Unavailable."""
    bounds = {"$gte": _midnight(first), "$lte": _midnight(last)}
    with reachable():
        return list(database[collection].find({"date": bounds}, {"hours": 0}).sort("date"))


@dataclass(frozen=True)
class Documents:
    """The daily documents of three groups over some days."""

    users: list[Day]
    orders: list[Day]
    revenue: list[Day]

    @classmethod
    def load(cls, database: Database, first: date, last: date) -> Self:
        """Raises Unavailable."""
        models = (UserLifecycleDay, OrderFunnelDay, RevenueDay)
        return cls(*(days(database, model.collection, first, last) for model in models))

    def totals(self) -> Totals:
        money = [_money(day) for day in self.revenue]
        return Totals(
            sum(day["paid_orders"] for day in money),
            sum(day["gross_revenue_cents"] for day in money),
            sum(day["registrations"] for day in self.users),
        )

    def months(self) -> dict[str, dict[str, int]]:
        """The sums of each month, "YYYY-MM"; months without events are left out."""
        sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for day in self.users:
            _add(sums[_month(day)], day, "registrations")
        for day in self.orders:
            _add(sums[_month(day)], day, "orders_created", "payments_failed")
        for day in self.revenue:
            money, month = _money(day), sums[_month(day)]
            _add(month, money, "paid_orders", "gross_revenue_cents")
            cents_by_community = money["revenue_by_community"]
            month["by_community"] += sum(
                cents for name, cents in cents_by_community.items() if name != _UNATTRIBUTED
            )
        return {month: dict(sums[month]) for month in sorted(sums) if any(sums[month].values())}


def table(months: Mapping[str, Mapping[str, int]]) -> Table:
    """A table of the months, with their sum as the footer."""
    result = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_footer=True)
    result.add_column("month", "all", no_wrap=True)
    total: dict[str, int] = defaultdict(int)
    for sums in months.values():
        _add(total, sums, *sums)
    for heading, footer in _cells(total).items():
        result.add_column(heading, footer, justify="right", no_wrap=True)
    for month, sums in months.items():
        result.add_row(month, *_cells(sums).values())
    return result


def dollars(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):,.2f}"


def as_json(value: object, indent: int = 0) -> str:
    """A document as readable JSON: numbers before maps, and a map on one line if it fits."""
    line = json.dumps(value, default=_plain, ensure_ascii=False)
    if not isinstance(value, dict) or (indent and len(line) <= _LINE_CHARS_MAX):
        return line
    inner = " " * (indent + 2)
    fields = sorted(value.items(), key=lambda field: (isinstance(field[1], dict), field[0]))
    lines = [f"{inner}{json.dumps(name)}: {as_json(entry, indent + 2)}" for name, entry in fields]
    return "{\n" + ",\n".join(lines) + f"\n{' ' * indent}}}"


def _cells(sums: Mapping[str, int]) -> dict[str, str]:
    values = defaultdict(int, sums)
    paid, gross = values["paid_orders"], values["gross_revenue_cents"]
    return {
        "users": f"{values['registrations']:,}",
        "orders": f"{values['orders_created']:,}",
        "declined": f"{values['payments_failed']:,}",
        "paid": f"{paid:,}",
        "gross USD": dollars(gross),
        "average": dollars(round(Fraction(gross, paid))) if paid else "",
        "communities": dollars(values["by_community"]),
    }


def _money(day: Day) -> Day:
    """A revenue document's fields of CDNOW's only currency."""
    empty = {"paid_orders": 0, "gross_revenue_cents": 0, "revenue_by_community": {}}
    money: Day = day["currencies"].get(CURRENCY, empty)
    return money


def _add(sums: dict[str, int], day: Mapping[str, int], *names: str) -> None:
    for name in names:
        sums[name] += day[name]


def _month(day: Day) -> str:
    return f"{day['date']:%Y-%m}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
