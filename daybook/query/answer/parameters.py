"""Query parameters that several reports share: range of days, comparison, currency, pages."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Request

from daybook.query.answer.report import Authenticated, Services, Zone
from daybook.query.figures.date_range import Granularity, Span, parse_span, zone_named
from daybook.query.figures.pagination import SIZE_MAX
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


class RequestedRange(NamedTuple):
    """The bounds as the caller gave them, under which names, and what they are read by."""

    bounds: tuple[str | None, str | None]
    names: tuple[str, str]
    fleet_zone: ZoneInfo
    zone: ZoneInfo
    today: date

    def span(self) -> Span:
        """Raises Problem (422)."""
        return parse_span(*self.bounds, self.fleet_zone, self.zone, self.today, self.names)


async def _requested_range(
    request: Request,
    _: Authenticated,
    first: First = None,
    last: Last = None,
    date_from: FirstAlias = None,
    date_to: LastAlias = None,
    tz: Zone = None,
) -> RequestedRange:
    services: Services = request.app.state.services
    fleet_zone = await services.freshness.zone()
    bounds = _either(first, date_from), _either(last, date_to)
    names = ("from" if date_from is None else "date_from", "to" if date_to is None else "date_to")
    zone = zone_named(tz) if tz else fleet_zone
    return RequestedRange(bounds, names, fleet_zone, zone, datetime.now(fleet_zone).date())


Requested = Annotated[RequestedRange, Depends(_requested_range)]


async def required_range(requested: Requested) -> Span:
    """The range of days that was asked for. Both bounds are required. Raises Problem (422)."""
    return requested.span()


async def range_or_recent(requested: Requested) -> Span:
    """The range that was asked for, by default the last 30 days including today."""
    if any(requested.bounds):
        return requested.span()
    first = requested.today - timedelta(days=RECENT_DAYS - 1)
    bounds = first.isoformat(), requested.today.isoformat()
    return requested._replace(bounds=bounds).span()


Range = Annotated[Span, Depends(required_range)]
RecentRange = Annotated[Span, Depends(range_or_recent)]
Grain = Annotated[
    Granularity, Query(description="weeks begin on Mondays, months on their first day")
]
Compare = Annotated[
    Literal["previous"] | None,
    Query(description="`previous`: adds the preceding period of equal length and the changes"),
]
_CURSOR_MAX = 2_048
CursorParameter = Annotated[
    str | None,
    Query(
        max_length=_CURSOR_MAX, description="`next_cursor` of the previous page; replaces `page`"
    ),
]
PageSize = Annotated[int, Query(ge=1, le=SIZE_MAX)]
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
