"""What a visitor gives to the days of a funnel."""

from collections.abc import Iterator

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.keys import encode_key
from daybook.funnels.visitor_event import CONTEXT, VisitorEvent, day_hour_of
from daybook.funnels.visits import InSession, Of, on
from models.funnel import FunnelDay


def measures_of_session(of: Of, session: list[InSession]) -> Iterator[Effect]:
    """What a session gives by itself; it has events."""
    first, last = session[0].event, session[-1].event
    day_hour = day_hour_of(first)
    yield effect(FunnelDay, day_hour, "sessions", 1, of=of)
    if len(session) == 1 and first["type"] == "page_view":
        yield effect(FunnelDay, day_hour, "bounced_sessions", 1, of=of)
    seconds = (last["at"] - first["at"]) // 1000
    yield effect(FunnelDay, day_hour, "visit_seconds", seconds, of=of)
    days: set[str] = set()
    for each in session:
        if each.event["day"] not in days:
            days.add(each.event["day"])
            yield effect(FunnelDay, day_hour_of(each.event), "visitors", 1, of=of)


def measures_of_day(
    of: Of, day: str, sessions: list[list[InSession]], *, is_first: bool
) -> Iterator[Effect]:
    """What a day gives on which the visitor has events; `sessions` are all that touch it, whole.

    `is_first`: of the visitor in the organization.
    """
    events = on(day, sessions)
    first = day_hour_of(events[0].event)
    yield effect(FunnelDay, first, "unique_visitors", 1, of=of)
    which = "new_visitors" if is_first else "returning_visitors"
    yield effect(FunnelDay, first, which, 1, of=of)
    conversions = [each.event for each in events if each.event["type"] == "conversion"]
    if conversions:
        yield effect(FunnelDay, day_hour_of(conversions[0]), "converting_visitors", 1, of=of)
    for field, name in CONTEXT.items():
        if value := events[0].context.get(name):
            key = encode_key(value)
            yield by_key(first, field, key, "visitors", 1, of)
            for conversion in conversions:
                yield from _converted(conversion, field, key, of)
    viewed = {e.event["page"] for e in events if "page" in e.event}
    for page in viewed:
        yield by_key(first, "pages", encode_key(page), "visitors", 1, of)
    pages = _pages(sessions) if conversions else {}
    for conversion in conversions:
        if id(conversion) in pages:
            yield from _converted(conversion, "pages", encode_key(pages[id(conversion)]), of)


def _pages(sessions: list[list[InSession]]) -> dict[int, str]:
    """The page that each conversion's session viewed last before it, by the event's identity."""
    found = {}
    for session in sessions:
        page = None
        for each in session:
            if each.event["type"] == "page_view":
                page = each.event.get("page", page)
            elif each.event["type"] == "conversion" and page is not None:
                found[id(each.event)] = page
    return found


def _converted(conversion: VisitorEvent, field: str, key: str, of: Of) -> Iterator[Effect]:
    day_hour = day_hour_of(conversion)
    yield by_key(day_hour, field, key, "conversions", 1, of)
    if cents := conversion.get("cents"):
        yield by_key(day_hour, field, key, "value_cents", cents, of, conversion["currency"])


def by_key(
    day_hour: DayHour,
    field: str,
    key: str,
    part: str,
    value: int,
    of: Of,
    currency: str | None = None,
) -> Effect:
    return effect(FunnelDay, day_hour, field, value, currency=currency, key=key, part=part, of=of)
