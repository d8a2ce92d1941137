"""The body of an organization's dashboard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from daybook.engine.documents.fields import DailyDocument, currency_fields, scalar_fields
from daybook.query.figures.comparison import compare_totals
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.series import buckets
from daybook.query.figures.totals import DayDocument, Numbers, currencies, main_currency, totals
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay

TOP = 50
"""Funnels and ticketed events told one by one; totals are of all."""

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
_CALLED = {"revenue_cents": "tickets_revenue_cents", "conversion_rate": "tickets_conversion_rate"}
"""Of ticketed events, beside funnels' numbers."""


def _fields(model: type[DailyDocument]) -> dict[str, Any]:
    """A projection without maps, those within currencies as well."""
    each = {name: f"$$this.v.{name}" for name in currency_fields(model)}
    amounts = {
        "$map": {
            "input": {"$objectToArray": {"$ifNull": ["$currencies", {}]}},
            "in": {"k": "$$this.k", "v": each},
        }
    }
    plain = dict.fromkeys([model.key[-1], "date", *scalar_fields(model)], 1)
    return plain | {"currencies": {"$arrayToObject": amounts}}


FIELDS = {model: _fields(model) for model in _MODELS}


class Facts(NamedTuple):
    """Documents of one period; `names` are the rows of definitions by what they define."""

    funnels: Sequence[DayDocument]
    orders: Sequence[DayDocument]
    events: Sequence[DayDocument]
    names: Mapping[tuple[str, str], DayDocument]

    def of(self, model: type[DailyDocument]) -> Sequence[DayDocument]:
        own = {FunnelDay: self.funnels, FunnelRevenueDay: self.orders, EventMetricsDay: self.events}
        return own[model]


def dashboard(
    organization: str,
    span: Span,
    granularity: Granularity,
    facts: Facts,
    before: Facts | None,
    wanted: tuple[str, str | None],
) -> dict[str, Any]:
    """In one currency; what there is of others is told apart, in sum."""
    days: dict[str, int] = {}
    for model, field in _MONEY.items():
        for named, count in currencies(facts.of(model), field).items():
            days[named] = days.get(named, 0) + count
    currency = main_currency(days, *wanted)
    own = _totals(facts, currency)
    body: dict[str, Any] = {
        "organization_id": organization,
        "period": span.period,
        "granularity": granularity,
        "currency": currency,
        "totals": own,
        "over_time": _over_time(span, granularity, facts, currency),
        "funnels": _funnels(facts, currency),
        "events": _events(facts, currency),
        "by_currency": {
            other: {name: value for name, value in _totals(facts, other).items() if "cents" in name}
            for other in sorted(days)
            if other != currency
        },
    }
    return body if before is None else body | compare_totals(span, own, _totals(before, currency))


def _totals(facts: Facts, currency: str) -> Numbers:
    found: Numbers = {}
    for model, names in _MODELS.items():
        found |= _round_money(totals(model, facts.of(model), currency), names, model)
    return found


def _round_money(numbers: Numbers, names: Iterable[str], model: type[DailyDocument]) -> Numbers:
    called = _CALLED if model is EventMetricsDay else {}
    return {called.get(name, name): numbers[name] for name in names}


def _over_time(
    span: Span, granularity: Granularity, facts: Facts, currency: str
) -> list[dict[str, Any]]:
    points: dict[str, dict[str, Any]] = {}
    for model, names in _MODELS.items():
        for at, days in buckets(span, granularity, facts.of(model)):
            some = _round_money(totals(model, days, currency), names, model)
            points.setdefault(at, {"timestamp": at}).update(some)
    return list(points.values())


def _funnels(facts: Facts, currency: str) -> list[dict[str, Any]]:
    visits, orders = _by(facts.funnels, "funnel_id"), _by(facts.orders, "funnel_id")
    told = []
    for funnel in sorted({*visits, *orders}):
        numbers = _round_money(
            totals(FunnelDay, visits.get(funnel, []), currency), _FUNNEL, FunnelDay
        ) | _round_money(
            totals(FunnelRevenueDay, orders.get(funnel, []), currency), _ORDERS, FunnelRevenueDay
        )
        told.append(_named("funnel_id", funnel, facts) | numbers)
    return sorted(told, key=lambda each: -each["sessions"])[:TOP]


def _events(facts: Facts, currency: str) -> list[dict[str, Any]]:
    told = []
    for event, days in sorted(_by(facts.events, "event_id").items()):
        found = totals(EventMetricsDay, days, currency)
        told.append(_named("event_id", event, facts) | {name: found[name] for name in _EVENT})
    return sorted(told, key=lambda each: -each["tickets_sold"])[:TOP]


def _named(key: str, value: str, facts: Facts) -> dict[str, Any]:
    row = facts.names.get((key, value), {})
    return {key: value, "name": row.get("name"), "status": row.get("status")}


def _by(documents: Iterable[DayDocument], key: str) -> dict[Any, list[DayDocument]]:
    found: dict[Any, list[DayDocument]] = {}
    for document in documents:
        found.setdefault(document[key], []).append(document)
    return found
