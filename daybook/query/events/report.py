"""The response bodies of a ticketed event's reports."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from daybook.engine.documents.fields import Rate, currency_fields, scalar_fields
from daybook.query.events.sales import (
    Basis,
    Days,
    basis_of,
    days_by_currency,
    event_money,
    event_numbers,
)
from daybook.query.events.steps import steps
from daybook.query.figures.comparison import compare_totals
from daybook.query.figures.date_range import Granularity, Span, iso_timestamp
from daybook.query.figures.rounding import rate
from daybook.query.figures.series import points
from daybook.query.figures.totals import DayDocument, Numbers, choose_currency, total
from daybook.query.figures.uniques import count_uniques
from models.event_metrics import EventMetricsDay

Currencies = tuple[str, str | None]
"""The preferred currency, and the requested one, if any."""

KINDS = {"unique_viewers": "event", "unique_buyers": "event_buyers"}
"""The kind of sketch for each field that counts people."""


class Facts(NamedTuple):
    """Documents of one period: the days, and `analytics_uniques` by kind."""

    days: Days
    sketches: Mapping[str, Sequence[DayDocument]]


def metrics_body(
    event: DayDocument,
    basis: Basis,
    span: Span,
    granularity: Granularity,
    facts: Facts,
    before: Facts | None,
    preference: Currencies,
) -> dict[str, Any]:
    """The report of a range. Totals count each person once, and `conversion_rate` is of people;
    `daily_conversion_rate` and the points' rates are of the days' sums. Sales are by the basis.

    The series of other currencies has no hours: 180 of them would have more than an answer holds.
    """
    amounts = days_by_currency(basis, facts.days)
    currency = choose_currency(amounts, *preference)
    series = list(_series(facts.days, span, granularity))
    now, uniques = _totals(basis, facts, currency)
    body = {
        **event_fields(event, span.zone),
        "period": span.period,
        "granularity": granularity,
        "basis": basis,
        "currency": currency,
        "totals": now,
        "uniques": uniques,
        "steps": steps(now),
        "over_time": [_point(basis, at, days, currency) for at, days in series],
        "by_currency": {
            other: {
                "totals": event_money(basis, facts.days, other),
                "over_time": [
                    {
                        "timestamp": at,
                        "revenue_cents": event_money(basis, days, other)["revenue_cents"],
                    }
                    for at, days in (series if granularity != "hour" else ())
                ],
            }
            for other in sorted(amounts)
            if other != currency
        },
    }
    if before is None:
        return body
    return body | compare_totals(span, now, _totals(basis, before, currency)[0])


def event_fields(event: DayDocument, zone: ZoneInfo) -> dict[str, Any]:
    """The event's ids, name, status and start; null where no definition has been received."""
    starts_at = event.get("starts_at")
    return {
        "event_id": event["event_id"],
        "organization_id": event["organization_id"],
        "name": event.get("name"),
        "status": event.get("status"),
        "starts_at": iso_timestamp(starts_at, zone) if starts_at else None,
    }


def recent_event(stored: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """One of the last events, as Redis keeps it, with its time in the caller's zone."""
    at = datetime.fromisoformat(stored["timestamp"])
    return {
        "event_type": stored["event_type"],
        "timestamp": iso_timestamp(at, zone),
        "session_id": stored["session_id"],
    }


def occupancy(event: DayDocument, all_days: Days, now: datetime) -> dict[str, Any]:
    """Over all days, not the range. Tickets that were taken back leave their places.

    `rate` is that of tickets sold until the event starts, and of admissions from then on, so that
    the first scans do not empty a sold-out house; `rate_basis` says which.
    """
    starts_at = event.get("starts_at")
    has_begun = starts_at is not None and starts_at <= now
    sold = total(all_days.ordered or all_days.tracked, "tickets_sold")
    sold -= total(all_days.ordered, "tickets_returned")
    admitted = total(all_days.tracked, "admissions")
    capacity = event.get("capacity")
    return {
        "basis": basis_of(all_days.ordered),
        "capacity": capacity,
        "tickets_sold": sold,
        "admissions": admitted,
        "sold_rate": sold / capacity if capacity else None,
        "admission_rate": admitted / capacity if capacity else None,
        "rate": (admitted if has_begun else sold) / capacity if capacity else None,
        "rate_basis": "admissions" if has_begun else "tickets_sold",
    }


def today(
    basis: Basis, days: Days, preference: Currencies, day: date, zone: ZoneInfo
) -> dict[str, Any]:
    """A day's numbers, zeros if it has no documents yet."""
    amounts = days_by_currency(basis, days)
    currency = choose_currency(amounts, *preference)
    stamps = (stored.get("updated_at") for both in days for stored in both)
    updated_at = max(filter(None, stamps), default=None)
    return {
        "date": day.isoformat(),
        "updated_at": iso_timestamp(updated_at, zone) if updated_at else None,
        "basis": basis,
        "currency": currency,
        **event_numbers(basis, days, currency),
        "by_currency": {
            other: event_money(basis, days, other) for other in sorted(amounts) if other != currency
        },
    }


def document_from_hash(stored: Mapping[str, str]) -> dict[str, Any]:
    """The totals hash of Redis in the form of the daily document that it was projected from."""
    document: dict[str, Any] = {
        "currencies": {},
        "updated_at": datetime.fromisoformat(stored["updated_at"]),
    }
    per_currency = set(currency_fields(EventMetricsDay))
    for name in scalar_fields(EventMetricsDay):
        if isinstance(EventMetricsDay.fields[name], Rate):
            continue  # derived from the sums
        if name not in per_currency:
            document[name] = int(stored.get(name, 0))
            continue
        for field, value in stored.items():
            prefix, _, currency = field.partition(".")
            if prefix == name and currency:
                document["currencies"].setdefault(currency, {})[name] = int(value)
    return document


def _series(days: Days, span: Span, granularity: Granularity) -> Iterator[tuple[str, Days]]:
    tracked, ordered = (points(documents, span, granularity) for documents in days)
    for one, other in zip(tracked, ordered, strict=True):
        yield one.timestamp, Days(one.documents, other.documents)


def _point(basis: Basis, timestamp: str, days: Days, currency: str) -> dict[str, Any]:
    numbers = event_numbers(basis, days, currency)
    return {"timestamp": timestamp, **numbers, "steps": steps(numbers)}


def _totals(basis: Basis, facts: Facts, currency: str) -> tuple[Numbers, dict[str, Any]]:
    """The totals, with each person counted once, and how exact those counts are."""
    numbers = event_numbers(basis, facts.days, currency)
    people = {
        name: count_uniques(facts.days.tracked, facts.sketches[kind], name)
        for name, kind in KINDS.items()
    }
    viewers, buyers = people["unique_viewers"].count, people["unique_buyers"].count
    daily = numbers["conversion_rate"]
    counted = {"unique_viewers": viewers, "unique_buyers": buyers}
    rates = {"conversion_rate": rate(buyers, viewers), "daily_conversion_rate": daily}
    return numbers | counted | rates, {name: one.model_dump() for name, one in people.items()}
