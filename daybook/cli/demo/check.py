"""Whether the dashboard tells what the demo knows, and an event comes through to it."""

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
"""Of the events that are tried: of its own, so that they change no number of the shops."""

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
    """A report does not tell what the documents hold."""


def look(query: Service, first: date, last: date, known: Known) -> int:
    """How many numbers of reports are what they must be. `first` and `last`: CDNOW's days.

    Raises WrongReport, naming what differs; DaybookError.
    """
    for path in _PAGE:
        if not query.get(path):
            raise WrongReport(f"{query}{path} is empty")
    right = 0
    for what, found, wanted in chain(_of_cdnow(query, first, last), _of_shops(query, known)):
        if found != wanted:
            raise WrongReport(f"{what}: the report says {found:,}, and should say {wanted:,}")
        right += 1
    return right


def track(collector: Service, query: Service) -> float:
    """Seconds from a call of the collector until the event is in the stream of the dashboard.

    Raises DaybookError when it does not come.
    """
    who = str(uuid.uuid4())
    with query.stream(f"analytics:dashboard:{ORGANIZATION}") as told:
        before = _page_views(next(told, {}))
        began = monotonic()
        collector.track(EVENT | {"visitor_id": who, "session_id": who})
        for data in told:
            if _page_views(data) > before:
                return monotonic() - began
    raise DaybookError(f"the event was taken, and is not in the stream after {SECONDS} s")


def _of_cdnow(query: Service, first: date, last: date) -> Iterator[tuple[str, int, int]]:
    found = Totals(0, 0, 0)
    for begin, end in _years(first, last):
        days: dict[str, Any] = {"first": begin, "last": end, "tz": "UTC"}
        paid = query.report("revenue", currency=CURRENCY, **days)["totals"]
        users = query.report("user-lifecycle", **days)["totals"]
        found = Totals(
            found.purchases + paid["paid_orders"],
            found.cents + paid["gross_revenue_cents"],
            found.customers + users["registrations"],
        )
    for name, one, other in zip(Totals._fields, found, PUBLISHED, strict=True):
        yield f"{name} of CDNOW", one, other


def _of_shops(query: Service, known: Known) -> Iterator[tuple[str, int, int]]:
    for shop in SHOPS:
        own = _of(known, shop)
        found = query.report("organizations", shop, "dashboard", **_days(own))["totals"]
        for name in ("page_views", "sessions", "conversions"):
            yield f"{name} of {shop}", found[name], sum(day[name] for day in own.values())
    for shop, funnel, _ in funnel_tables.FUNNELS:
        own = _of(known, shop, funnel)
        days = _days(own) | {"organization_id": shop}
        found = query.report("funnels", funnel, "dropoffs", **days)["overall"]
        for name in ("attempts", "completions"):
            yield f"{name} of {shop}/{funnel}", found[name], sum(day[name] for day in own.values())


def _of(known: Known, *name: str) -> Days:
    """The funnels' days whose `_id` begins with this name."""
    begin = "".join(f"{encode_part(each)}:" for each in name)
    days = known[FunnelDay.collection]
    return {own: day for own, day in days.items() if own.startswith(begin)}


def _days(own: Days) -> dict[str, str]:
    days = sorted(name.rpartition(":")[2] for name in own)
    return {"first": days[0], "last": days[-1], "tz": "UTC"}


def _years(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days from first to last in pieces that a report takes."""
    while first <= last:
        end = min(last, first + _YEAR)
        yield first, end
        first = end + timedelta(days=1)


def _page_views(data: dict[str, Any]) -> int:
    rows = [row for row in data.get("totals", []) if row.get("funnel_id") == EVENT["funnel_id"]]
    return sum(row["page_views"] for row in rows)
