"""The bodies of a ticketed event's reports."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from daybook.engine.documents.fields import Rate, currency_fields, scalar_fields
from daybook.query.figures.comparison import compare_totals
from daybook.query.figures.date_range import Granularity, Span, iso_timestamp
from daybook.query.figures.series import buckets
from daybook.query.figures.totals import (
    DayDocument,
    Numbers,
    currencies,
    main_currency,
    money,
    totals,
)
from daybook.query.figures.uniques import uniques as told_apart
from models.event_metrics import EventMetricsDay

Wanted = tuple[str, str | None]
"""The currency that is preferred, and the one that was asked for, if any."""

KINDS = {"unique_viewers": "event", "unique_buyers": "event_buyers"}
"""Whom a field counts, as their sketches are called."""


class Facts(NamedTuple):
    """Of one period: `analytics_event_metrics`; `analytics_uniques` by kind."""

    days: Sequence[DayDocument]
    sketches: Mapping[str, Sequence[DayDocument]]


def metrics(
    own: DayDocument,
    span: Span,
    granularity: Granularity,
    facts: Facts,
    before: Facts | None,
    wanted: Wanted,
) -> dict[str, Any]:
    """People of the range are told once each, and how exactly; the rate is of the days' sums."""
    amounts = currencies(facts.days, "revenue_cents")
    currency = main_currency(amounts, *wanted)
    points = buckets(span, granularity, facts.days)
    now, uniques = _totals(facts, currency)
    body = {
        **named(own, span.zone),
        "period": span.period,
        "granularity": granularity,
        "currency": currency,
        "totals": now,
        "uniques": uniques,
        "over_time": [
            {"timestamp": at, **totals(EventMetricsDay, some, currency)} for at, some in points
        ],
        "by_currency": {
            other: {
                "totals": money(EventMetricsDay, facts.days, other),
                "over_time": [
                    {"timestamp": at, **money(EventMetricsDay, some, other)} for at, some in points
                ],
            }
            for other in sorted(amounts)
            if other != currency
        },
    }
    if before is None:
        return body
    return body | compare_totals(span, now, _totals(before, currency)[0])


def named(own: DayDocument, zone: ZoneInfo) -> dict[str, Any]:
    """Who the event is; null what no definition has said."""
    starts_at = own.get("starts_at")
    return {
        "event_id": own["event_id"],
        "organization_id": own["organization_id"],
        "name": own.get("name"),
        "status": own.get("status"),
        "starts_at": iso_timestamp(starts_at, zone) if starts_at else None,
    }


def occupancy(own: DayDocument, every_day: Sequence[DayDocument]) -> dict[str, Any]:
    """Of all days there are, whatever the range: `rate` is of those let in, else of those sold."""
    sold = sum(int(day.get("tickets_sold") or 0) for day in every_day)
    admitted = sum(int(day.get("admissions") or 0) for day in every_day)
    capacity = own.get("capacity")
    return {
        "capacity": capacity,
        "tickets_sold": sold,
        "admissions": admitted,
        "sold_rate": sold / capacity if capacity else None,
        "admission_rate": admitted / capacity if capacity else None,
        "rate": (admitted or sold) / capacity if capacity else None,
    }


def today(stored: DayDocument | None, wanted: Wanted, day: date, zone: ZoneInfo) -> dict[str, Any]:
    """A day's numbers, zeros when there is no document of it yet."""
    days = [stored] if stored else []
    amounts = currencies(days, "revenue_cents")
    currency = main_currency(amounts, *wanted)
    updated_at = stored["updated_at"] if stored else None
    return {
        "date": day.isoformat(),
        "updated_at": iso_timestamp(updated_at, zone) if updated_at else None,
        "currency": currency,
        **totals(EventMetricsDay, days, currency),
        "by_currency": {
            other: money(EventMetricsDay, days, other)
            for other in sorted(amounts)
            if other != currency
        },
    }


def of_hash(stored: Mapping[str, str]) -> dict[str, Any]:
    """A hash of Redis as the document that it was made of, as far as it shows it."""
    found: dict[str, Any] = {
        "currencies": {},
        "updated_at": datetime.fromisoformat(stored["updated_at"]),
    }
    of_currencies = set(currency_fields(EventMetricsDay))
    for name in scalar_fields(EventMetricsDay):
        if isinstance(EventMetricsDay.fields[name], Rate):
            continue  # worked out anew
        if name not in of_currencies:
            found[name] = int(stored.get(name, 0))
            continue
        for field, value in stored.items():
            of, _, currency = field.partition(".")
            if of == name and currency:
                found["currencies"].setdefault(currency, {})[name] = int(value)
    return found


def _totals(facts: Facts, currency: str) -> tuple[Numbers, dict[str, Any]]:
    """With people told once each, as far as the sketches tell; and how exact that is."""
    now = totals(EventMetricsDay, facts.days, currency)
    uniques = {}
    for name, kind in KINDS.items():
        found = told_apart(facts.days, facts.sketches[kind], name)
        now[name] = found.count
        uniques[name] = found.model_dump()
    return now, uniques
