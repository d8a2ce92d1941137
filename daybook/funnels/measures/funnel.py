"""A visitor's effects on the days of a funnel."""

from collections.abc import Iterator

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.keys import encode_key
from daybook.funnels.visitor_event import CONTEXT, VisitorEvent, day_hour_of
from daybook.funnels.visits import FunnelKey, InSession, events_on
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
    for item in session:
        if item.event["day"] not in days:
            days.add(item.event["day"])
            yield effect(FunnelDay, day_hour_of(item.event), "visitors", 1, of=document_key)


def measures_of_day(
    document_key: FunnelKey, day: str, sessions: list[list[InSession]], *, is_first: bool
) -> Iterator[Effect]:
    """The effects of one day on which the visitor has events.

    `sessions`: all with an event on the day, each with all its events. `is_first`: whether it is
    the visitor's first day in the organization.
    """
    events = events_on(day, sessions)
    first = day_hour_of(events[0].event)
    yield effect(FunnelDay, first, "unique_visitors", 1, of=document_key)
    which = "new_visitors" if is_first else "returning_visitors"
    yield effect(FunnelDay, first, which, 1, of=document_key)
    conversions = [item.event for item in events if item.event["type"] == "conversion"]
    if conversions:
        yield effect(
            FunnelDay, day_hour_of(conversions[0]), "converting_visitors", 1, of=document_key
        )
    for field, name in CONTEXT.items():
        if value := events[0].context.get(name):
            key = encode_key(value)
            yield by_key(first, field, key, "visitors", 1, document_key)
            for conversion in conversions:
                yield from _converted(conversion, field, key, document_key)
    viewed = {e.event["page"] for e in events if "page" in e.event}
    for page in viewed:
        yield by_key(first, "pages", encode_key(page), "visitors", 1, document_key)
    pages = _pages(sessions) if conversions else {}
    for conversion in conversions:
        if id(conversion) in pages:
            yield from _converted(
                conversion, "pages", encode_key(pages[id(conversion)]), document_key
            )


def _pages(sessions: list[list[InSession]]) -> dict[int, str]:
    """The last page viewed before each conversion in its session, by the id() of the event."""
    found = {}
    for session in sessions:
        page = None
        for item in session:
            if item.event["type"] == "page_view":
                page = item.event.get("page", page)
            elif item.event["type"] == "conversion" and page is not None:
                found[id(item.event)] = page
    return found


def _converted(
    conversion: VisitorEvent, field: str, key: str, document_key: FunnelKey
) -> Iterator[Effect]:
    day_hour = day_hour_of(conversion)
    yield by_key(day_hour, field, key, "conversions", 1, document_key)
    if cents := conversion.get("cents"):
        yield by_key(
            day_hour, field, key, "value_cents", cents, document_key, conversion["currency"]
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
