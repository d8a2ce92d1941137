"""What a visitor gives to the days of a funnel."""

from collections.abc import Iterator

from engine.change import Effect, effect
from engine.keys import encode_key
from engine.slots import Slot
from funnels.seen import CONTEXT, Seen, slot_of
from funnels.visit import InSession, Visits
from models.funnel import FunnelDay


def funnel_measures(visits: Visits) -> Iterator[Effect]:
    """All in `analytics_funnel` that hangs on more than one event, but attempts."""
    pages: dict[int, str] = {}
    for session in visits.sessions():
        yield from _session(visits, session)
        pages |= _pages(session)
    for day, events in visits.days():
        yield from _day(visits, day, events, pages)


def _session(visits: Visits, session: list[InSession]) -> Iterator[Effect]:
    first, last = session[0].event, session[-1].event
    slot = slot_of(first)
    yield effect(FunnelDay, slot, "sessions", 1, of=visits.of)
    if len(session) == 1 and first["type"] == "page_view":
        yield effect(FunnelDay, slot, "bounced_sessions", 1, of=visits.of)
    seconds = (last["at"] - first["at"]) // 1000
    yield effect(FunnelDay, slot, "visit_seconds", seconds, of=visits.of)
    days: set[str] = set()
    for each in session:
        if each.event["day"] not in days:
            days.add(each.event["day"])
            yield effect(FunnelDay, slot_of(each.event), "visitors", 1, of=visits.of)


def _pages(session: list[InSession]) -> dict[int, str]:
    """The page that each conversion's session viewed last before it, by the event's identity."""
    found, page = {}, None
    for each in session:
        if each.event["type"] == "page_view":
            page = each.event.get("page", page)
        elif each.event["type"] == "conversion" and page is not None:
            found[id(each.event)] = page
    return found


def _day(
    visits: Visits, day: str, events: list[InSession], pages: dict[int, str]
) -> Iterator[Effect]:
    of, first = visits.of, slot_of(events[0].event)
    yield effect(FunnelDay, first, "unique_visitors", 1, of=of)
    which = "new_visitors" if day == visits.first_day else "returning_visitors"
    yield effect(FunnelDay, first, which, 1, of=of)
    conversions = [each.event for each in events if each.event["type"] == "conversion"]
    if conversions:
        yield effect(FunnelDay, slot_of(conversions[0]), "converting_visitors", 1, of=of)
    for field, name in CONTEXT.items():
        if value := events[0].context.get(name):
            key = encode_key(value)
            yield by_key(first, field, key, "visitors", 1, of)
            for conversion in conversions:
                yield from _converted(conversion, field, key, of)
    viewed = {e.event["page"] for e in events if "page" in e.event}
    for page in viewed:
        yield by_key(first, "pages", encode_key(page), "visitors", 1, of)
    for conversion in conversions:
        if id(conversion) in pages:
            yield from _converted(conversion, "pages", encode_key(pages[id(conversion)]), of)


def _converted(conversion: Seen, field: str, key: str, of: tuple[str, str]) -> Iterator[Effect]:
    slot = slot_of(conversion)
    yield by_key(slot, field, key, "conversions", 1, of)
    if cents := conversion.get("cents"):
        yield by_key(slot, field, key, "value_cents", cents, of, conversion["currency"])


def by_key(
    slot: Slot,
    field: str,
    key: str,
    part: str,
    value: int,
    of: tuple[str, str],
    currency: str | None = None,
) -> Effect:
    return effect(FunnelDay, slot, field, value, currency=currency, key=key, part=part, of=of)
