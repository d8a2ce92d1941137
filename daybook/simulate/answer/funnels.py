"""Counts `analytics_funnel`: a visitor's sessions, days, sources and pages in one funnel."""

from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.grouping import day_of, first_by, group_by, session_of
from daybook.simulate.answer.keys import key, split_key
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.shape import FUNNEL

Names = tuple[str, ...]

CONTEXT_MAPS = {
    "sources": "source",
    "channels": "channel",
    "devices": "device_type",
    "browsers": "browser",
    "countries": "country",
    "campaigns": "utm_campaign",
    "landing_pages": "landing_page",
}


def count(ledger: Ledger, names: Names, deeds: list[Deed], first_day: str | None) -> None:
    """Counts one visitor in one funnel.

    `names`: organization and funnel. `deeds`: the visitor's in the funnel, in order of time.
    `first_day`: the visitor's first day in the organization.
    """
    sessions = group_by(deeds, session_of)
    for session in sessions.values():
        _session(ledger, names, session)
    for day, of_the_day in group_by(deeds, day_of).items():
        _visitor(ledger, names, of_the_day[0], is_new=day == first_day)
        if any(deed.user for deed in of_the_day):
            ledger.counter(FUNNEL, names, of_the_day[0].at, "named_visitors")
        conversions = [deed for deed in of_the_day if deed.kind == "conversion"]
        if conversions:
            ledger.counter(FUNNEL, names, conversions[0].at, "converting_visitors")
        for field, name in CONTEXT_MAPS.items():
            under = split_key(field, of_the_day[0].context.get(name))
            _count_under(ledger, names, day, (field, under), conversions)
        for page in {deed.page for deed in of_the_day if deed.page}:
            ledger.map_counter(FUNNEL, names, day, ("pages", key(page), "visitors"))
        for conversion in conversions:
            if last := _last_page(sessions[conversion.session], conversion):
                _count_conversion(ledger, names, ("pages", key(last)), conversion)


def _session(ledger: Ledger, names: Names, session: list[Deed]) -> None:
    first, last = session[0], session[-1]
    ledger.counter(FUNNEL, names, first.at, "sessions")
    if len(session) == 1 and first.kind == "page_view":
        ledger.counter(FUNNEL, names, first.at, "bounced_sessions")
    seconds = (last.at.ms - first.at.ms) // 1000
    ledger.counter(FUNNEL, names, first.at, "visit_seconds", seconds)
    for deed in first_by(session, day_of).values():
        ledger.counter(FUNNEL, names, deed.at, "visitors")


def _visitor(ledger: Ledger, names: Names, first: Deed, *, is_new: bool) -> None:
    ledger.counter(FUNNEL, names, first.at, "unique_visitors")
    ledger.counter(FUNNEL, names, first.at, "new_visitors" if is_new else "returning_visitors")


def _count_under(
    ledger: Ledger, names: Names, day: str, path: Names, conversions: list[Deed]
) -> None:
    ledger.map_counter(FUNNEL, names, day, (*path, "visitors"))
    for conversion in conversions:
        _count_conversion(ledger, names, path, conversion)


def _count_conversion(ledger: Ledger, names: Names, path: Names, conversion: Deed) -> None:
    ledger.map_counter(FUNNEL, names, conversion.at.day, (*path, "conversions"))
    if conversion.money:
        where = (*path, "value_cents")
        ledger.money(FUNNEL, names, conversion.at, where, *conversion.money)


def _last_page(session: list[Deed], conversion: Deed) -> str | None:
    before = [deed.page for deed in session if deed.page and deed.order < conversion.order]
    return before[-1] if before else None
