"""Query parameters that several reports share: range of days, comparison, currency."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, Query, Request

from daybook.query.answer.report import Authenticated, Services, Zone
from daybook.query.figures.date_range import Span, parse_span, zone_named
from daybook.query.problem import CURRENCY, Problem

RECENT_DAYS = 30

First = Annotated[
    str | None,
    Query(
        alias="from",
        max_length=40,
        description="first day of the range; also accepted as `date_from`",
    ),
]
Last = Annotated[
    str | None,
    Query(
        alias="to",
        max_length=40,
        description="last day of the range, inclusive; also accepted as `date_to`",
    ),
]
FirstAlias = Annotated[str | None, Query(alias="date_from", max_length=40)]
LastAlias = Annotated[str | None, Query(alias="date_to", max_length=40)]


async def required_range(
    request: Request,
    _: Authenticated,
    first: First = None,
    last: Last = None,
    date_from: FirstAlias = None,
    date_to: LastAlias = None,
    tz: Zone = None,
) -> Span:
    """The range of days that was asked for. Both bounds are required. Raises Problem (422)."""
    services: Services = request.app.state.services
    fleet_zone = await services.freshness.zone()
    zone = zone_named(tz) if tz else fleet_zone
    today = datetime.now(fleet_zone).date()
    bounds = _either(first, date_from), _either(last, date_to)
    names = ("from" if date_from is None else "date_from", "to" if date_to is None else "date_to")
    return parse_span(*bounds, fleet_zone, zone, today, names)


async def range_or_recent(
    request: Request,
    caller: Authenticated,
    first: First = None,
    last: Last = None,
    date_from: FirstAlias = None,
    date_to: LastAlias = None,
    tz: Zone = None,
) -> Span:
    """The range that was asked for, by default the last 30 days including today."""
    if first or last or date_from or date_to:
        return await required_range(request, caller, first, last, date_from, date_to, tz)
    services: Services = request.app.state.services
    today = datetime.now(await services.freshness.zone()).date()
    begin = today - timedelta(days=RECENT_DAYS - 1)
    return await required_range(
        request, caller, begin.isoformat(), today.isoformat(), None, None, tz
    )


Range = Annotated[Span, Depends(required_range)]
RecentRange = Annotated[Span, Depends(range_or_recent)]
Compare = Annotated[
    Literal["previous"] | None,
    Query(description="`previous`: adds the preceding period of equal length and the changes"),
]
Money = Annotated[
    str | None,
    Query(
        pattern=CURRENCY,
        description="main currency of the report; by default the fleet's, if it has any amount",
    ),
]


def _either(short: str | None, long: str | None) -> str | None:
    if short is not None and long is not None and short != long:
        raise Problem(422, "a bound of the range is given twice, by its short and by its long name")
    return short if short is not None else long
