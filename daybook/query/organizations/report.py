"""The response body of an organization's dashboard."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from daybook.engine.documents.fields import Counter, DailyDocument, currency_fields
from daybook.query.events.sales import Basis, sales
from daybook.query.figures.comparison import compare_totals
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.projections import Stages, amounts_of, sums_of
from daybook.query.figures.series import points
from daybook.query.figures.totals import DayDocument, Numbers, choose_currency, total, totals
from models.event_metrics import EventMetricsDay
from models.event_revenue import EventRevenueDay
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay

TOP = 50
"""The maximum of funnels and ticketed events listed; totals include all."""

_FUNNEL = ("page_views", "sessions", "bounced_sessions", "conversions", "value_cents")
_ORDERS = ("gross_revenue_cents", "refunded_cents", "net_revenue_cents", "orders", "units")
_EVENT = (
    "views",
    "add_to_cart",
    "checkouts_started",
    "tickets_sold",
    "revenue_cents",
    "conversion_rate",
    "admissions",
)
MODELS: dict[type[DailyDocument], tuple[str, ...]] = {
    FunnelDay: _FUNNEL,
    FunnelRevenueDay: _ORDERS,
    EventMetricsDay: _EVENT,
    EventRevenueDay: (),
}
_RENAMED = {"revenue_cents": "tickets_revenue_cents", "conversion_rate": "tickets_conversion_rate"}
"""Names in the totals for ticketed events' fields, which would clash with those of funnels."""
_SOLD = {"tickets_sold": "tickets_sold", "revenue_cents": "tickets_revenue_cents"}
"""What the basis of each event decides, and its names in the totals."""


Names = Mapping[tuple[str, str], DayDocument]
"""Definitions, by key field and id."""


Days = Mapping[type[DailyDocument], Sequence[DayDocument]]
"""The sums of each model's documents by day, in the form of daily documents.

An amount of `currencies` has `documents` as well: in how many documents the currency occurs.
"""

Parts = Mapping[type[DailyDocument], Mapping[str, DayDocument]]
"""The same by funnel or ticketed event, of the whole period."""


class Sums(NamedTuple):
    """What was counted in one period; `purchases`: of events without orders, by day."""

    days: Days
    purchases: Sequence[DayDocument]


class Facts(NamedTuple):
    """One period's days and parts, the ticketed events that have ever had an order, and the
    definitions of what is listed."""

    sums: Sums
    parts: Parts
    with_orders: Set[str]
    names: Names


def stages(model: type[DailyDocument], by: str) -> tuple[Stages, Stages]:
    """The aggregations of counters and of amounts, in one row for each value of `by`."""
    counters = [name for name, field in model.fields.items() if isinstance(field, Counter)]
    return sums_of(counters, by), amounts_of(currency_fields(model), by)


def merged(
    by: str, counters: Iterable[DayDocument], amounts: Iterable[DayDocument]
) -> dict[Any, DayDocument]:
    """The rows of both aggregations in the form of daily documents, by their value of `by`."""
    documents: dict[Any, dict[str, Any]] = {
        row["_id"]: {**row, by: row["_id"], "currencies": {}} for row in counters
    }
    for row in amounts:
        # A document that was stored between the two aggregations is in the next answer.
        if document := documents.get(row["_id"][by]):
            document["currencies"][row["_id"]["currency"]] = row
    return dict(documents)


def dashboard(
    organization: str,
    span: Span,
    granularity: Granularity,
    facts: Facts,
    before: Sums | None,
    preference: tuple[str, str | None],
) -> dict[str, Any]:
    """The dashboard in one currency; totals of the others are in `by_currency`.

    Each ticketed event is counted by its own basis. `before`: the sums of the period before, for a
    comparison.
    """
    days: dict[str, int] = {}
    for model in MODELS:
        for document in facts.sums.days[model]:
            for code, amounts in document["currencies"].items():
                days[code] = days.get(code, 0) + amounts["documents"]
    currency = choose_currency(days, *preference)
    sums = _totals(facts.sums, currency)
    body: dict[str, Any] = {
        "organization_id": organization,
        "period": span.period,
        "granularity": granularity,
        "currency": currency,
        "totals": sums,
        "over_time": _over_time(span, granularity, facts.sums, currency),
        "funnels": [_funnel(one, facts, currency) for one in top_funnels(facts.parts)],
        "events": [
            _event(one, facts, currency) for one in top_events(facts.parts, facts.with_orders)
        ],
        "by_currency": {
            other: {
                name: value for name, value in _totals(facts.sums, other).items() if "cents" in name
            }
            for other in sorted(days)
            if other != currency
        },
    }
    return body if before is None else body | compare_totals(span, sums, _totals(before, currency))


def _totals(sums: Sums, currency: str) -> Numbers:
    numbers: Numbers = {}
    for model, names in MODELS.items():
        numbers |= _select(totals(model, sums.days[model], currency), names, model)
    return numbers | _sold(sums.purchases, sums.days[EventRevenueDay], currency)


def _sold(
    purchases: Sequence[DayDocument], orders: Sequence[DayDocument], currency: str
) -> Numbers:
    """What ticketed events sold, each by its own basis."""
    tracked = totals(EventMetricsDay, purchases, currency)
    ordered = totals(EventRevenueDay, orders, currency)
    by = [sales("purchases", tracked, ordered), sales("orders", tracked, ordered)]
    return {shown: sum(one[name] or 0 for one in by) for name, shown in _SOLD.items()}


def _select(numbers: Numbers, names: Iterable[str], model: type[DailyDocument]) -> Numbers:
    renamed = _RENAMED if model is EventMetricsDay else {}
    return {renamed.get(name, name): numbers[name] for name in names}


def _over_time(
    span: Span, granularity: Granularity, sums: Sums, currency: str
) -> list[dict[str, Any]]:
    by_point = {model: list(points(days, span, granularity)) for model, days in sums.days.items()}
    purchases = points(sums.purchases, span, granularity)
    return [
        {
            "timestamp": point.timestamp,
            **_totals(
                Sums(
                    {model: each[at].documents for model, each in by_point.items()}, point.documents
                ),
                currency,
            ),
        }
        for at, point in enumerate(purchases)
    ]


def top_funnels(parts: Parts) -> list[str]:
    """The funnels that the dashboard lists: those with the most sessions."""
    visits = parts[FunnelDay]
    funnels = sorted({*visits, *parts[FunnelRevenueDay]})
    return sorted(funnels, key=lambda id: -visits[id]["sessions"] if id in visits else 0)[:TOP]


def top_events(parts: Parts, with_orders: Set[str]) -> list[str]:
    """The ticketed events that the dashboard lists: those that sold the most tickets."""
    events = sorted({*parts[EventMetricsDay], *parts[EventRevenueDay]})

    def tickets(event: str) -> int:
        if event in with_orders:
            ordered = _rows(EventRevenueDay, event, parts)
            return total(ordered, "tickets_sold") - total(ordered, "tickets_returned")
        return total(_rows(EventMetricsDay, event, parts), "tickets_sold")

    return sorted(events, key=lambda event: -tickets(event))[:TOP]


def _funnel(funnel: str, facts: Facts, currency: str) -> dict[str, Any]:
    row = _identity("funnel_id", funnel, facts)
    for model, fields in ((FunnelDay, _FUNNEL), (FunnelRevenueDay, _ORDERS)):
        row |= _select(_part(model, funnel, facts.parts, currency), fields, model)
    return row


def _event(event: str, facts: Facts, currency: str) -> dict[str, Any]:
    basis: Basis = "orders" if event in facts.with_orders else "purchases"
    tracked, ordered = (
        _part(model, event, facts.parts, currency) for model in (EventMetricsDay, EventRevenueDay)
    )
    numbers = tracked | sales(basis, tracked, ordered)
    row = _identity("event_id", event, facts) | {"basis": basis}
    return row | {name: numbers[name] for name in _EVENT}


def _part(model: type[DailyDocument], value: str, parts: Parts, currency: str) -> Numbers:
    return totals(model, _rows(model, value, parts), currency)


def _rows(model: type[DailyDocument], value: str, parts: Parts) -> list[DayDocument]:
    return [parts[model][value]] if value in parts[model] else []


def _identity(key: str, value: str, facts: Facts) -> dict[str, Any]:
    row = facts.names.get((key, value), {})
    return {key: value, "name": row.get("name"), "status": row.get("status")}
