"""A visitor's effects on the days of a funnel's steps."""

from collections.abc import Iterator

from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.keys import encode_key
from daybook.funnels.histogram import bucket
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of
from daybook.funnels.visits import FunnelKey, InSession, by_time, events_on
from models.funnel_step import FunnelStepDay

UNATTRIBUTED = "unattributed"
_BY_VISITOR = {"sources": "source", "devices": "device_type", "browsers": "browser"}
_LEAVES = ("bounce", "close")


def measures_of_session(document_key: FunnelKey, session: list[InSession]) -> Iterator[Effect]:
    """Times, paths, and conversions without a step: they depend on the session's earlier events."""
    for item, step in _conversions(session):
        if "step" not in item.event:
            yield from converted(item.event, step, document_key)
    moves = [e.event for e in session if e.event["type"] in ("step_entry", "step_exit")]
    yield from _paths(document_key, moves)
    yield from _times(document_key, moves)


def measures_of_day(
    document_key: FunnelKey, day: str, sessions: list[list[InSession]]
) -> Iterator[Effect]:
    """The visitor's entries and conversions on a day.

    `sessions`: all with an event on the day, each with all its events.
    """
    entries: dict[str, list[InSession]] = {}
    for item in events_on(day, sessions):
        if item.event["type"] == "step_entry":
            entries.setdefault(step_key(item.event["step"]), []).append(item)
    for step, entries_of_step in entries.items():
        yield from _entered(document_key, step, entries_of_step)
    firsts: dict[str, VisitorEvent] = {}
    for session in sessions:
        for item, step in _conversions(session):
            if item.event["day"] == day:
                firsts[step] = min(item.event, firsts.get(step, item.event), key=by_time)
    for step, first in firsts.items():
        yield at_step(first, "converting_visitors", step, document_key)


def _conversions(session: list[InSession]) -> Iterator[tuple[InSession, str]]:
    """Each conversion with its own step, or the one that the session entered last."""
    entered = UNATTRIBUTED
    for item in session:
        event = item.event
        if event["type"] == "step_entry":
            entered = step_key(event["step"])
        if event["type"] == "conversion":
            yield item, step_key(event["step"]) if "step" in event else entered


def step_key(step: str) -> str:
    """The step's part of the `_id`; a step named like the reserved word is encoded."""
    return encode_key(step) if step == UNATTRIBUTED else step


def converted(event: VisitorEvent, step: str, document_key: FunnelKey) -> Iterator[Effect]:
    """The effects of a conversion at a step."""
    yield at_step(event, "conversions", step, document_key)
    if cents := event.get("cents"):
        step_document, currency = (*document_key, step), event["currency"]
        day_hour = day_hour_of(event)
        yield effect(
            FunnelStepDay, day_hour, "value_cents", cents, currency=currency, of=step_document
        )


def _paths(document_key: FunnelKey, moves: list[VisitorEvent]) -> Iterator[Effect]:
    before: str | None = None
    for index, event in enumerate(moves):
        step = step_key(event["step"])
        entered_next = next(
            (e["step"] for e in moves[index + 1 :] if e["type"] == "step_entry"), None
        )
        if event["type"] == "step_exit":
            after = entered_next or event.get("next")
            leaves = event["outcome"] in _LEAVES or after is None
            key = "exit" if leaves or after is None else encode_key(after)
            yield at_step(event, "exit_paths", step, document_key, key=key)
            continue
        came_from = before or event.get("previous")
        key = "direct" if came_from is None else encode_key(came_from)
        yield at_step(event, "entry_paths", step, document_key, key=key)
        before = event["step"]


def _times(document_key: FunnelKey, moves: list[VisitorEvent]) -> Iterator[Effect]:
    for index, event in enumerate(moves):
        if event["type"] != "step_entry":
            continue
        left = next(
            (
                later
                for later in moves[index + 1 :]
                if later["type"] == "step_entry" or later["step"] == event["step"]
            ),
            None,
        )
        if left is not None:
            step, span = step_key(event["step"]), left["at"] - event["at"]
            yield at_step(event, "time_spent_seconds", step, document_key, span // 1000)
            yield at_step(event, "time_spent_count", step, document_key)
            yield at_step(event, "time_histogram", step, document_key, key=bucket(span))


def _entered(document_key: FunnelKey, step: str, entries: list[InSession]) -> Iterator[Effect]:
    """The effects of a day's entries of a step, in order of time."""
    sessions: set[str] = set()
    for item in entries:
        if item.session not in sessions:
            sessions.add(item.session)
            yield at_step(item.event, "visitors", step, document_key)
    first = entries[0]
    yield at_step(first.event, "unique_visitors", step, document_key)
    for field, name in _BY_VISITOR.items():
        if value := first.context.get(name):
            yield at_step(first.event, field, step, document_key, key=encode_key(value))


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
