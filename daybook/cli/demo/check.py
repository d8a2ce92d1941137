"""Checks that reports show the known totals, and that a tracked event reaches the live stream."""

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from time import monotonic
from typing import Any

from daybook.cli.demo import funnel_tables
from daybook.cli.demo.cdnow import PUBLISHED, Totals
from daybook.cli.demo.report import CURRENCY
from daybook.cli.demo.service_client import SECONDS, Service
from daybook.cli.demo.traffic import SHOPS, Known
from daybook.engine.documents.keys import encode_part
from daybook.engine.errors import DaybookError
from models.funnel import FunnelDay

ORGANIZATION = "demo"
"""The organization of test events: a separate one, so that they change no total of the shops."""

EVENT = {
    "event_type": "page_view",
    "funnel_id": "tour",
    "funnel_step_id": "landing",
    "visitor_id": "me",
    "session_id": "s-1",
}
Days = dict[str, dict[str, Any]]
"""Documents by their `_id`."""

_YEAR = timedelta(days=365)
_PAGE = ("/", "/dashboard/app.js", "/dashboard/style.css")


class WrongReport(DaybookError):
    """A report differs from the known totals."""


def check_reports(query: Service, first: date, last: date, known: Known) -> int:
    """The number of totals that were compared. `first` and `last` are CDNOW's days.

    Raises WrongReport for the first difference; DaybookError if the service fails.
    """
    for path in _PAGE:
        if not query.get(path):
            raise WrongReport(f"{query}{path} is empty")
    compared = 0
    totals = chain(_totals_of_cdnow(query, first, last), _totals_of_shops(query, known))
    for name, reported, expected in totals:
        if reported != expected:
            raise WrongReport(f"{name}: the report says {reported:,}, but {expected:,} is right")
        compared += 1
    return compared


def track(collector: Service, query: Service) -> float:
    """Seconds from a call of the collector until the event reaches the dashboard's live stream.

    Raises DaybookError if it does not arrive.
    """
    visitor = str(uuid.uuid4())
    with query.stream(f"analytics:dashboard:{ORGANIZATION}") as updates:
        before = _page_views(next(updates, {}))
        began = monotonic()
        collector.track(EVENT | {"visitor_id": visitor, "session_id": visitor})
        for update in updates:
            if _page_views(update) > before:
                return monotonic() - began
    raise DaybookError(f"the event was accepted, but did not reach the stream in {SECONDS} s")


def _totals_of_cdnow(query: Service, first: date, last: date) -> Iterator[tuple[str, int, int]]:
    """Name, reported and expected value of each total."""
    reported = Totals(0, 0, 0)
    for begin, end in _years(first, last):
        days: dict[str, Any] = {"first": begin, "last": end, "tz": "UTC"}
        revenue = query.report("revenue", currency=CURRENCY, **days)["totals"]
        users = query.report("user-lifecycle", **days)["totals"]
        reported = Totals(
            reported.purchases + revenue["paid_orders"],
            reported.cents + revenue["gross_revenue_cents"],
            reported.customers + users["registrations"],
        )
    for name, value, expected in zip(Totals._fields, reported, PUBLISHED, strict=True):
        yield f"{name} of CDNOW", value, expected


def _totals_of_shops(query: Service, known: Known) -> Iterator[tuple[str, int, int]]:
    """Name, reported and expected value of each total."""
    for shop in SHOPS:
        expected = _funnel_days(known, shop)
        totals = query.report("organizations", shop, "dashboard", **_range(expected))["totals"]
        for name in ("page_views", "sessions", "conversions"):
            yield f"{name} of {shop}", totals[name], sum(day[name] for day in expected.values())
    for shop, funnel, _ in funnel_tables.FUNNELS:
        expected = _funnel_days(known, shop, funnel)
        days = _range(expected) | {"organization_id": shop}
        totals = query.report("funnels", funnel, "dropoffs", **days)["overall"]
        for name in ("attempts", "completions"):
            total = sum(day[name] for day in expected.values())
            yield f"{name} of {shop}/{funnel}", totals[name], total


def _funnel_days(known: Known, *key: str) -> Days:
    """The days of funnels whose `_id` begins with these parts: organization, and funnel."""
    prefix = "".join(f"{encode_part(part)}:" for part in key)
    days = known[FunnelDay.collection]
    return {id: day for id, day in days.items() if id.startswith(prefix)}


def _range(days: Days) -> dict[str, str]:
    dates = sorted(id.rpartition(":")[2] for id in days)
    return {"first": dates[0], "last": dates[-1], "tz": "UTC"}


def _years(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days from first to last, in ranges that a report accepts."""
    while first <= last:
        end = min(last, first + _YEAR)
        yield first, end
        first = end + timedelta(days=1)


def _page_views(data: dict[str, Any]) -> int:
    rows = [row for row in data.get("totals", []) if row.get("funnel_id") == EVENT["funnel_id"]]
    return sum(row["page_views"] for row in rows)
