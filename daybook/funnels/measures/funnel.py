"""A visitor's effects on the days of a funnel."""

from collections.abc import Iterator

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.keys import encode_key
from daybook.funnels.visitor_event import CONTEXT, VisitorEvent, day_hour_of, split_key
from daybook.funnels.visits import FunnelKey, InSession, VisitedDay
from models.funnel import FunnelDay


def measures_of_session(document_key: FunnelKey, session: list[InSession]) -> Iterator[Effect]:
    """The effects of one session, which has at least one event in the funnel."""
    first, last = session[0].event, session[-1].event
    day_hour = day_hour_of(first)
    yield effect(FunnelDay, day_hour, "sessions", 1, of=document_key)
    if len(session) == 1 and first["type"] == "page_view":
        yield effect(FunnelDay, day_hour, "bounced_sessions", 1, of=document_key)
    seconds = (last["at"] - first["at"]) // 1000
    yield effect(FunnelDay, day_hour, "visit_seconds", seconds, of=document_key)
    days: set[str] = set()
    page = None
    for item in session:
        event = item[0]
        if event["day"] not in days:
            days.add(event["day"])
            yield effect(FunnelDay, day_hour_of(event), "visitors", 1, of=document_key)
        page = event.get("page", page)
        if event["type"] == "conversion" and page is not None:
            yield from _converted_after(event, encode_key(page), document_key)


def measures_of_day(
    document_key: FunnelKey, visited: VisitedDay, *, is_first: bool
) -> Iterator[Effect]:
    """The effects of one day on which the visitor has events, without its pages.

    `is_first`: whether it is the visitor's first day in the organization.
    """
    first = day_hour_of(visited.first.event)
    yield effect(FunnelDay, first, "unique_visitors", 1, of=document_key)
    which = "new_visitors" if is_first else "returning_visitors"
    yield effect(FunnelDay, first, which, 1, of=document_key)
    if visited.is_named:
        yield effect(FunnelDay, first, "named_visitors", 1, of=document_key)
    if visited.first_conversion:
        converted = day_hour_of(visited.first_conversion)
        yield effect(FunnelDay, converted, "converting_visitors", 1, of=document_key)
    for field in CONTEXT:
        key = split_key(field, visited.first.context)
        yield by_key(first, field, key, "visitors", 1, document_key)
        if visited.conversions:
            yield by_key(first, field, key, "conversions", visited.conversions, document_key)
        for currency, cents in visited.cents.items():
            yield by_key(first, field, key, "value_cents", cents, document_key, currency)


def measures_of_page(document_key: FunnelKey, visited: VisitedDay, page: str) -> Iterator[Effect]:
    """The effect of a page, if it was viewed on the day."""
    if page in visited.pages:
        day_hour = day_hour_of(visited.first.event)
        yield by_key(day_hour, "pages", encode_key(page), "visitors", 1, document_key)


def _converted_after(
    conversion: VisitorEvent, page: str, document_key: FunnelKey
) -> Iterator[Effect]:
    """The effects of a conversion on the page that its session viewed last before it."""
    day_hour = day_hour_of(conversion)
    yield by_key(day_hour, "pages", page, "conversions", 1, document_key)
    if cents := conversion.get("cents"):
        yield by_key(
            day_hour, "pages", page, "value_cents", cents, document_key, conversion["currency"]
        )


def by_key(
    day_hour: DayHour,
    field: str,
    key: str,
    part: str,
    value: int,
    document_key: FunnelKey,
    currency: str | None = None,
) -> Effect:
    """An effect on one part of a breakdown's key."""
    return effect(
        FunnelDay, day_hour, field, value, currency=currency, key=key, part=part, of=document_key
    )
