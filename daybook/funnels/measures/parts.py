"""The parts of a visitor's measures: which of them a message may change, and their effects.

A part is as small as what a message changes, so the cost of a message does not grow with the
number of events that are remembered: docs/architecture.md says with what it does.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect
from daybook.engine.documents.fields import Event
from daybook.funnels.measures import funnel as funnel_measures
from daybook.funnels.measures import step as step_measures
from daybook.funnels.measures.attempts import attempt_measures
from daybook.funnels.measures.experiment import exposure_measures, value_measures
from daybook.funnels.measures.step import StepDay, attributed, attributed_after
from daybook.funnels.measures.ticket import UNIQUE, at_event
from daybook.funnels.memory import has_room
from daybook.funnels.people import mark_user
from daybook.funnels.visitor_event import VisitorEvent, to_visitor_event
from daybook.funnels.visits import NOT_FUNNEL_EVENTS, Visits, by_time, place_of, step_key


class Part(NamedTuple):
    """What `measure` names, of what `key` names. All parts together are everything that is
    measured, and no two overlap.

    | measure | key |
    |---|---|
    | session, moves | funnel, session |
    | day | funnel, day |
    | page | funnel, day, page |
    | step | funnel, day, step |
    | attempts | funnel |
    | exposure | test |
    | value | test, currency |
    | ticket | type, ticketed event, day |
    """

    measure: str
    key: tuple[str, ...]


def parts(visits: Visits, event: Event, day_hour: DayHour, offset: int) -> list[Part]:
    """The parts that a visitor's message may change, before it does."""
    visits.catch_up()
    visitor = visits.visitor
    found: set[Part] = set()
    first_day = visitor["first_day"]
    if first_day and day_hour.day < first_day:
        found |= {Part("day", (f, first_day)) for f in visits.funnels_on.get(first_day, ())}
    new = mark_user(visitor, event, to_visitor_event(event, day_hour, offset))
    if not has_room(visitor, event, new):
        return list(found)
    kind = new["type"]
    if kind == "experiment_exposed":
        found |= _of_test(visits, new["test"])
    if kind in UNIQUE:
        once = kind, new["event"], new["day"]
        if once not in visits.tickets or by_time(new) < by_time(visits.tickets[once]):
            found.add(Part("ticket", once))
    if kind == "conversion":
        found |= _of_tests(visits, new)
    if "funnel" in new and kind not in NOT_FUNNEL_EVENTS:
        found |= _of_funnel(visits, new, event["data"]["session_id"])
    return list(found)


def _of_test(visits: Visits, test: str) -> set[Part]:
    currencies = {currency for _, currency in visits.amounts}
    return {Part("exposure", (test,))} | {Part("value", (test, c)) for c in currencies}


def _of_tests(visits: Visits, conversion: VisitorEvent) -> set[Part]:
    found = set()
    for test in visits.tests.get(conversion["funnel"], ()):
        first = visits.exposures[test].first
        if first["funnel"] == conversion["funnel"] and first["at"] <= conversion["at"]:
            found.add(Part("exposure", (test,)))
            if conversion.get("cents"):
                found.add(Part("value", (test, conversion["currency"])))
    return found


def _of_funnel(visits: Visits, new: VisitorEvent, session_id: str) -> set[Part]:
    """A day's measures depend on its first event, its conversions, and whether it has a user."""
    funnel, day, kind = new["funnel"], new["day"], new["type"]
    found = {Part("session", (funnel, session_id))}
    visited = visits.days.get((funnel, day))
    names = "user" in new and not (visited and visited.is_named)
    if kind == "conversion" or names or visits.is_first(funnel, day, new["at"]):
        found.add(Part("day", (funnel, day)))
    if "page" in new and (visited is None or new["page"] not in visited.pages):
        found.add(Part("page", (funnel, day, new["page"])))
    if kind in ("step_entry", "step_exit") or (kind == "conversion" and "step" not in new):
        found.add(Part("moves", (funnel, session_id)))
    if kind == "step_entry":
        found.add(Part("attempts", (funnel,)))
    if kind in ("step_entry", "conversion"):
        steps = _at_steps(visits, new, session_id)
        found |= {Part("step", (funnel, *step_day)) for step_day in steps}
    return found


def _at_steps(visits: Visits, new: VisitorEvent, session_id: str) -> Iterator[StepDay]:
    """The days at steps to which an entry or a conversion belongs, and those between which an
    entry moves the conversions that follow it in its session."""
    if "step" in new:
        at_step = StepDay(new["day"], step_key(new["step"]))
        if new["type"] == "conversion":
            yield at_step
            return
        first = visits.first_entries.get((new["funnel"], *at_step))
        if first is None or by_time(new) < by_time(first.event):
            yield at_step
    session = visits.session(new["funnel"], session_id)
    place = place_of(by_time(new), session)
    before = attributed(session, place)
    if new["type"] == "conversion":
        yield StepDay(new["day"], before)
        return
    for conversion in attributed_after(session, place):
        yield StepDay(conversion["day"], before)
        yield StepDay(conversion["day"], step_key(new["step"]))


def measures(visits: Visits, selected: Iterable[Part]) -> Iterator[tuple[Part, Iterable[Effect]]]:
    """The effects of these parts: every number that depends on more than one event.

    They depend on the memory alone. What an event changes is the difference between the measures
    after and before it.
    """
    visits.catch_up()
    organization = visits.visitor["organization_id"]
    for part in selected:
        measure, key = part
        if measure in _ACROSS_FUNNELS:
            yield part, _across_funnels(visits, organization, measure, key)
        else:
            yield part, _of_a_funnel(visits, measure, (organization, key[0]), key)


_ACROSS_FUNNELS = frozenset({"exposure", "value", "ticket"})


def _across_funnels(
    visits: Visits, organization: str, measure: str, key: tuple[str, ...]
) -> Iterable[Effect]:
    if measure == "exposure":
        return exposure_measures(organization, visits, key[0])
    if measure == "value":
        return value_measures(organization, visits, key[0], key[1])
    first = visits.tickets.get((key[0], key[1], key[2]))
    return (at_event(organization, first, UNIQUE[key[0]]),) if first else ()


def _of_a_funnel(
    visits: Visits, measure: str, document_key: tuple[str, str], key: tuple[str, ...]
) -> Iterable[Effect]:
    visitor, funnel = visits.visitor, key[0]
    if measure == "attempts":
        entries = visits.entries.get(funnel, [])
        return attempt_measures(document_key, entries, visitor["definitions"])
    if measure == "step":
        return step_measures.measures_of_day(document_key, visits, StepDay(key[1], key[2]))
    if measure in ("session", "moves"):
        session = visits.session(funnel, key[1])
        if not session:
            return ()
        if measure == "moves":
            return step_measures.measures_of_session(document_key, session)
        return funnel_measures.measures_of_session(document_key, session)
    visited = visits.days.get((funnel, key[1]))
    if visited is None:
        return ()
    if measure == "page":
        return funnel_measures.measures_of_page(document_key, visited, key[2])
    is_first = key[1] == visitor["first_day"]
    return funnel_measures.measures_of_day(document_key, visited, is_first=is_first)
