"""parameters."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from daybook.query.answer.report import Asking, Services, Zone
from daybook.query.figures.date_range import Span, span, zone_named
from daybook.query.problem import CURRENCY, Problem

RECENT_DAYS = 30

First = Annotated[
    str | None, Query(alias="from", max_length=40, description="first day; `date_from` as well")
]
Last = Annotated[
    str | None, Query(alias="to", max_length=40, description="last day, counted; or `date_to`")
]
FirstToo = Annotated[str | None, Query(alias="date_from", max_length=40)]
LastToo = Annotated[str | None, Query(alias="date_to", max_length=40)]


async def asked_span(
    request: Request,
    _: Asking,
    first: First = None,
    last: Last = None,
    date_from: FirstToo = None,
    date_to: LastToo = None,
    tz: Zone = None,
) -> Span:
    """Both bounds are needed. Raises Problem (422)."""
    services: Services = request.app.state.services
    fleet_zone = await services.freshness.zone()
    zone = zone_named(tz) if tz else fleet_zone
    today = datetime.now(fleet_zone).date()
    bounds = _either(first, date_from), _either(last, date_to)
    names = ("from" if date_from is None else "date_from", "to" if date_to is None else "date_to")
    return span(*bounds, fleet_zone, zone, today, names)


async def recent_span(
    request: Request,
    own: Asking,
    first: First = None,
    last: Last = None,
    date_from: FirstToo = None,
    date_to: LastToo = None,
    tz: Zone = None,
) -> Span:
    """The last 30 days, today among them, unless a range was asked for."""
    if first or last or date_from or date_to:
        return await asked_span(request, own, first, last, date_from, date_to, tz)
    services: Services = request.app.state.services
    today = datetime.now(await services.freshness.zone()).date()
    begin = today - timedelta(days=RECENT_DAYS - 1)
    return await asked_span(request, own, begin.isoformat(), today.isoformat(), None, None, tz)


Range = Annotated[Span, Depends(asked_span)]
RecentRange = Annotated[Span, Depends(recent_span)]
Compare = Annotated[
    Literal["previous"] | None, Query(description="`previous`: the period before, and the change")
]
Money = Annotated[
    str | None,
    Query(pattern=CURRENCY, description="told first; else the fleet's, where there is any"),
]


def _either(one: str | None, other: str | None) -> str | None:
    if one is not None and other is not None and one != other:
        raise Problem(422, "a bound is given twice: by its short and by its long name")
    return one if one is not None else other
