"""A visitor's effects on the days of a funnel's steps."""

from collections.abc import Iterator
from typing import NamedTuple

from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.keys import encode_key
from daybook.funnels.histogram import bucket
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of, split_key
from daybook.funnels.visits import UNATTRIBUTED, FunnelKey, InSession, Visits, by_time, step_key
from models.funnel_step import FunnelStepDay

_BY_VISITOR = ("sources", "devices", "browsers")
_LEAVES = ("bounce", "close")


class StepDay(NamedTuple):
    """A day at a step, by `step_key`."""

    day: str
    step: str


def measures_of_session(document_key: FunnelKey, session: list[InSession]) -> Iterator[Effect]:
    """First entries, times, paths, and conversions without a step: they depend on the session's
    earlier events."""
    for item, step in _conversions(session):
        if "step" not in item.event:
            yield from converted(item.event, step, document_key)
    moves = [e[0] for e in session if e[0]["type"] in ("step_entry", "step_exit")]
    yield from _firsts(document_key, moves)
    yield from _forward(document_key, moves)
    yield from _backward(document_key, moves)


def measures_of_day(document_key: FunnelKey, visits: Visits, step_day: StepDay) -> Iterator[Effect]:
    """The visitor's first entry and first conversion at a step on a day."""
    funnel = document_key[1]
    if first := visits.first_entries.get((funnel, *step_day)):
        yield at_step(first.event, "unique_visitors", step_day.step, document_key)
        for field in _BY_VISITOR:
            key = split_key(field, first.context)
            yield at_step(first.event, field, step_day.step, document_key, key=key)
    conversions = [
        found
        for firsts in _first_conversions(visits, funnel)
        if (found := firsts.get(step_day)) is not None
    ]
    if conversions:
        conversion = min(conversions, key=by_time)
        yield at_step(conversion, "converting_visitors", step_day.step, document_key)


def attributed(session: list[InSession], place: int) -> str:
    """The step that the session entered last before this place in it."""
    for item in reversed(session[:place]):
        if item[0]["type"] == "step_entry":
            return step_key(item[0]["step"])
    return UNATTRIBUTED


def attributed_after(session: list[InSession], place: int) -> Iterator[VisitorEvent]:
    """The conversions without a step from this place in the session to its next entry."""
    for item in session[place:]:
        event = item[0]
        if event["type"] == "step_entry":
            return
        if event["type"] == "conversion" and "step" not in event:
            yield event


def _first_conversions(visits: Visits, funnel: str) -> Iterator[dict[StepDay, VisitorEvent]]:
    """For each session with a conversion in the funnel, the first one of each day at a step."""
    converting = visits.converting(funnel)
    for session_id, firsts in converting.items():
        if firsts is None:
            firsts = converting[session_id] = {}
            for item, step in _conversions(visits.session(funnel, session_id)):
                firsts.setdefault(StepDay(item.event["day"], step), item.event)
        yield firsts


def _conversions(session: list[InSession]) -> Iterator[tuple[InSession, str]]:
    """Each conversion with its own step, or the one that the session entered last."""
    entered = UNATTRIBUTED
    for item in session:
        event = item[0]
        if event["type"] == "step_entry":
            entered = step_key(event["step"])
        if event["type"] == "conversion":
            yield item, step_key(event["step"]) if "step" in event else entered


def converted(event: VisitorEvent, step: str, document_key: FunnelKey) -> Iterator[Effect]:
    """The effects of a conversion at a step."""
    yield at_step(event, "conversions", step, document_key)
    if cents := event.get("cents"):
        step_document, currency = (*document_key, step), event["currency"]
        day_hour = day_hour_of(event)
        yield effect(
            FunnelStepDay, day_hour, "value_cents", cents, currency=currency, of=step_document
        )


def _firsts(document_key: FunnelKey, moves: list[VisitorEvent]) -> Iterator[Effect]:
    """The session's first entry of each step and day."""
    known: set[tuple[str, str]] = set()
    for event in moves:
        if event["type"] == "step_entry":
            step = step_key(event["step"])
            if (step, event["day"]) not in known:
                known.add((step, event["day"]))
                yield at_step(event, "visitors", step, document_key)


def _forward(document_key: FunnelKey, moves: list[VisitorEvent]) -> Iterator[Effect]:
    """What depends on the entries before: where each one came from."""
    before: str | None = None
    for event in moves:
        if event["type"] == "step_entry":
            came_from = before or event.get("previous")
            key = "direct" if came_from is None else encode_key(came_from)
            yield at_step(event, "entry_paths", step_key(event["step"]), document_key, key=key)
            before = event["step"]


def _backward(document_key: FunnelKey, moves: list[VisitorEvent]) -> Iterator[Effect]:
    """What depends on the moves after: where each exit leads, and how long each entry lasts."""
    entered_next: VisitorEvent | None = None
    exits: dict[str, VisitorEvent] = {}
    for event in reversed(moves):
        step = step_key(event["step"])
        if event["type"] == "step_exit":
            after = entered_next["step"] if entered_next else event.get("next")
            leaves = event["outcome"] in _LEAVES or after is None
            key = "exit" if leaves or after is None else encode_key(after)
            yield at_step(event, "exit_paths", step, document_key, key=key)
            exits[event["step"]] = event
            continue
        # An exit of the step, if there is one, lies before the next entry.
        left = exits.get(event["step"], entered_next)
        if left is not None:
            span = left["at"] - event["at"]
            yield at_step(event, "time_spent_seconds", step, document_key, span // 1000)
            yield at_step(event, "time_spent_count", step, document_key)
            yield at_step(event, "time_histogram", step, document_key, key=bucket(span))
        entered_next, exits = event, {}


def at_step(
    event: VisitorEvent,
    field: str,
    step: str,
    document_key: FunnelKey,
    value: int = 1,
    *,
    key: str | None = None,
    part: str | None = None,
) -> Effect:
    """An effect on the document of a step."""
    day_hour, step_document = day_hour_of(event), (*document_key, step)
    return effect(FunnelStepDay, day_hour, field, value, key=key, part=part, of=step_document)
