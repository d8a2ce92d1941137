"""The response body of an organization's dashboard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from daybook.engine.documents.fields import DailyDocument, currency_fields, scalar_fields
from daybook.query.figures.comparison import compare_totals
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.series import buckets
from daybook.query.figures.totals import DayDocument, Numbers, choose_currency, currencies, totals
from models.event_metrics import EventMetricsDay
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
_MODELS: dict[type[DailyDocument], tuple[str, ...]] = {
    FunnelDay: _FUNNEL,
    FunnelRevenueDay: _ORDERS,
    EventMetricsDay: _EVENT,
}
_MONEY: dict[type[DailyDocument], str] = {
    FunnelDay: "value_cents",
    FunnelRevenueDay: "gross_revenue_cents",
    EventMetricsDay: "revenue_cents",
}
_RENAMED = {"revenue_cents": "tickets_revenue_cents", "conversion_rate": "tickets_conversion_rate"}
"""Names in the totals for ticketed events' fields, which would clash with those of funnels."""


def _fields(model: type[DailyDocument]) -> dict[str, Any]:
    """A projection without maps, also within the currencies."""
    fields = {name: f"$$this.v.{name}" for name in currency_fields(model)}
    amounts = {
        "$map": {
            "input": {"$objectToArray": {"$ifNull": ["$currencies", {}]}},
            "in": {"k": "$$this.k", "v": fields},
        }
    }
    plain = dict.fromkeys([model.key[-1], "date", *scalar_fields(model)], 1)
    return plain | {"currencies": {"$arrayToObject": amounts}}


FIELDS = {model: _fields(model) for model in _MODELS}


class Facts(NamedTuple):
    """Documents of one period; `names` are definitions by key field and id."""

    funnels: Sequence[DayDocument]
    orders: Sequence[DayDocument]
    events: Sequence[DayDocument]
    names: Mapping[tuple[str, str], DayDocument]

    def documents(self, model: type[DailyDocument]) -> Sequence[DayDocument]:
        by_model = {
            FunnelDay: self.funnels,
            FunnelRevenueDay: self.orders,
            EventMetricsDay: self.events,
        }
        return by_model[model]


def dashboard(
    organization: str,
    span: Span,
    granularity: Granularity,
    facts: Facts,
    before: Facts | None,
    preference: tuple[str, str | None],
) -> dict[str, Any]:
    """The dashboard in one currency; totals of the others are in `by_currency`."""
    days: dict[str, int] = {}
    for model, field in _MONEY.items():
        for code, count in currencies(facts.documents(model), field).items():
            days[code] = days.get(code, 0) + count
    currency = choose_currency(days, *preference)
    sums = _totals(facts, currency)
    body: dict[str, Any] = {
        "organization_id": organization,
        "period": span.period,
        "granularity": granularity,
        "currency": currency,
        "totals": sums,
        "over_time": _over_time(span, granularity, facts, currency),
        "funnels": _funnels(facts, currency),
        "events": _events(facts, currency),
        "by_currency": {
            other: {name: value for name, value in _totals(facts, other).items() if "cents" in name}
            for other in sorted(days)
            if other != currency
        },
    }
    return body if before is None else body | compare_totals(span, sums, _totals(before, currency))


def _totals(facts: Facts, currency: str) -> Numbers:
    numbers: Numbers = {}
    for model, names in _MODELS.items():
        numbers |= _select(totals(model, facts.documents(model), currency), names, model)
    return numbers


def _select(numbers: Numbers, names: Iterable[str], model: type[DailyDocument]) -> Numbers:
    renamed = _RENAMED if model is EventMetricsDay else {}
    return {renamed.get(name, name): numbers[name] for name in names}


def _over_time(
    span: Span, granularity: Granularity, facts: Facts, currency: str
) -> list[dict[str, Any]]:
    points: dict[str, dict[str, Any]] = {}
    for model, names in _MODELS.items():
        for at, days in buckets(span, granularity, facts.documents(model)):
            numbers = _select(totals(model, days, currency), names, model)
            points.setdefault(at, {"timestamp": at}).update(numbers)
    return list(points.values())


def _funnels(facts: Facts, currency: str) -> list[dict[str, Any]]:
    visits, orders = _group_by(facts.funnels, "funnel_id"), _group_by(facts.orders, "funnel_id")
    rows = []
    for funnel in sorted({*visits, *orders}):
        numbers = _select(
            totals(FunnelDay, visits.get(funnel, []), currency), _FUNNEL, FunnelDay
        ) | _select(
            totals(FunnelRevenueDay, orders.get(funnel, []), currency), _ORDERS, FunnelRevenueDay
        )
        rows.append(_identity("funnel_id", funnel, facts) | numbers)
    return sorted(rows, key=lambda row: -row["sessions"])[:TOP]


def _events(facts: Facts, currency: str) -> list[dict[str, Any]]:
    rows = []
    for event, days in sorted(_group_by(facts.events, "event_id").items()):
        numbers = totals(EventMetricsDay, days, currency)
        rows.append(_identity("event_id", event, facts) | {name: numbers[name] for name in _EVENT})
    return sorted(rows, key=lambda row: -row["tickets_sold"])[:TOP]


def _identity(key: str, value: str, facts: Facts) -> dict[str, Any]:
    row = facts.names.get((key, value), {})
    return {key: value, "name": row.get("name"), "status": row.get("status")}


def _group_by(documents: Iterable[DayDocument], key: str) -> dict[Any, list[DayDocument]]:
    groups: dict[Any, list[DayDocument]] = {}
    for document in documents:
        groups.setdefault(document[key], []).append(document)
    return groups
