"""What a visitor gives to the days of a funnel's steps."""

from collections.abc import Iterator

from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.keys import encode_key
from daybook.funnels.histogram import bucket
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of
from daybook.funnels.visits import InSession, Of, in_time, on
from models.funnel_step import FunnelStepDay

UNATTRIBUTED = "unattributed"
_BY_VISITOR = {"sources": "source", "devices": "device_type", "browsers": "browser"}
_LEAVES = ("bounce", "close")


def measures_of_session(of: Of, session: list[InSession]) -> Iterator[Effect]:
    """Times, paths, and conversions that say no step: they hang on what the session did before."""
    for each, step in _conversions(session):
        if "step" not in each.event:
            yield from converted(each.event, step, of)
    moves = [e.event for e in session if e.event["type"] in ("step_entry", "step_exit")]
    yield from _paths(of, moves)
    yield from _times(of, moves)


def measures_of_day(of: Of, day: str, sessions: list[list[InSession]]) -> Iterator[Effect]:
    """Who entered and who converted on a day; `sessions` are all that touch it, whole."""
    entries: dict[str, list[InSession]] = {}
    for each in on(day, sessions):
        if each.event["type"] == "step_entry":
            entries.setdefault(step_key(each.event["step"]), []).append(each)
    for step, several in entries.items():
        yield from _entered(of, step, several)
    firsts: dict[str, VisitorEvent] = {}
    for session in sessions:
        for each, step in _conversions(session):
            if each.event["day"] == day:
                firsts[step] = min(each.event, firsts.get(step, each.event), key=in_time)
    for step, first in firsts.items():
        yield at_step(first, "converting_visitors", step, of)


def _conversions(session: list[InSession]) -> Iterator[tuple[InSession, str]]:
    """Each conversion with its step: its own, or the one that the session entered last."""
    entered = UNATTRIBUTED
    for each in session:
        event = each.event
        if event["type"] == "step_entry":
            entered = step_key(event["step"])
        if event["type"] == "conversion":
            yield each, step_key(event["step"]) if "step" in event else entered


def step_key(step: str) -> str:
    """A user's own step may be called as the one that stands for none."""
    return encode_key(step) if step == UNATTRIBUTED else step


def converted(event: VisitorEvent, step: str, of: Of) -> Iterator[Effect]:
    """A conversion of the step."""
    yield at_step(event, "conversions", step, of)
    if cents := event.get("cents"):
        where, currency = (*of, step), event["currency"]
        yield effect(
            FunnelStepDay, day_hour_of(event), "value_cents", cents, currency=currency, of=where
        )


def _paths(of: Of, moves: list[VisitorEvent]) -> Iterator[Effect]:
    before: str | None = None
    for index, event in enumerate(moves):
        step = step_key(event["step"])
        entered_next = next(
            (e["step"] for e in moves[index + 1 :] if e["type"] == "step_entry"), None
        )
        if event["type"] == "step_exit":
            after = entered_next or event.get("next")
            gone = event["outcome"] in _LEAVES or after is None
            key = "exit" if gone or after is None else encode_key(after)
            yield at_step(event, "exit_paths", step, of, key=key)
            continue
        came_from = before or event.get("previous")
        key = "direct" if came_from is None else encode_key(came_from)
        yield at_step(event, "entry_paths", step, of, key=key)
        before = event["step"]


def _times(of: Of, moves: list[VisitorEvent]) -> Iterator[Effect]:
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
            yield at_step(event, "time_spent_seconds", step, of, span // 1000)
            yield at_step(event, "time_spent_count", step, of)
            yield at_step(event, "time_histogram", step, of, key=bucket(span))


def _entered(of: Of, step: str, entries: list[InSession]) -> Iterator[Effect]:
    """Of a day's entries of a step, in order."""
    sessions: set[str] = set()
    for each in entries:
        if each.session not in sessions:
            sessions.add(each.session)
            yield at_step(each.event, "visitors", step, of)
    first = entries[0]
    yield at_step(first.event, "unique_visitors", step, of)
    for field, name in _BY_VISITOR.items():
        if value := first.context.get(name):
            yield at_step(first.event, field, step, of, key=encode_key(value))


def at_step(
    event: VisitorEvent,
    field: str,
    step: str,
    of: Of,
    value: int = 1,
    *,
    key: str | None = None,
    part: str | None = None,
) -> Effect:
    where = (*of, step)
    return effect(FunnelStepDay, day_hour_of(event), field, value, key=key, part=part, of=where)
