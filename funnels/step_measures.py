"""What a visitor gives to the days of a funnel's steps."""

from collections.abc import Iterator

from engine.change import Effect, effect
from engine.keys import encode_key
from funnels.histogram import bucket
from funnels.seen import Seen, slot_of
from funnels.visit import InSession, Visits, days_of
from models.funnel_step import FunnelStepDay

UNATTRIBUTED = "unattributed"
_BY_VISITOR = {"sources": "source", "devices": "device_type", "browsers": "browser"}
_LEAVES = ("bounce", "close")


def step_measures(visits: Visits) -> Iterator[Effect]:
    """All in `analytics_funnel_step` that hangs on more than one event, but attempts."""
    entries: dict[str, list[InSession]] = {}
    conversions: dict[str, list[InSession]] = {}
    for session in visits.sessions():
        yield from _session(visits, session)
        step = UNATTRIBUTED
        for each in session:
            event = each.event
            if event["type"] == "step_entry":
                step = step_key(event["step"])
                entries.setdefault(step, []).append(each)
            if event["type"] == "conversion":
                own = step_key(event["step"]) if "step" in event else step
                conversions.setdefault(own, []).append(each)
                if "step" not in event:
                    yield from converted(event, step, visits.of)
    for step, several in entries.items():
        yield from _entered(visits, step, several)
    for step, several in conversions.items():
        for _, events in days_of(several):
            first = min(events, key=lambda each: (each.event["at"], each.event["offset"]))
            yield at_step(first.event, "converting_visitors", step, visits.of)


def step_key(step: str) -> str:
    """A user's own step may be called as the one that stands for none."""
    return encode_key(step) if step == UNATTRIBUTED else step


def converted(event: Seen, step: str, of: tuple[str, str]) -> Iterator[Effect]:
    """A conversion of the step."""
    yield at_step(event, "conversions", step, of)
    if cents := event.get("cents"):
        where, currency = (*of, step), event["currency"]
        yield effect(
            FunnelStepDay, slot_of(event), "value_cents", cents, currency=currency, of=where
        )


def _session(visits: Visits, session: list[InSession]) -> Iterator[Effect]:
    """Times and paths, which hang on what the session did before and after."""
    of = visits.of
    moves = [e.event for e in session if e.event["type"] in ("step_entry", "step_exit")]
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
    yield from _times(of, moves)


def _times(of: tuple[str, str], moves: list[Seen]) -> Iterator[Effect]:
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


def _entered(visits: Visits, step: str, entries: list[InSession]) -> Iterator[Effect]:
    of = visits.of
    ordered = sorted(entries, key=lambda each: (each.event["at"], each.event["offset"]))
    for _, events in days_of(ordered):
        sessions: set[int] = set()
        for each in events:
            if each.session not in sessions:
                sessions.add(each.session)
                yield at_step(each.event, "visitors", step, of)
        first = events[0]
        yield at_step(first.event, "unique_visitors", step, of)
        for field, name in _BY_VISITOR.items():
            if value := first.context.get(name):
                yield at_step(first.event, field, step, of, key=encode_key(value))


def at_step(
    event: Seen,
    field: str,
    step: str,
    of: tuple[str, str],
    value: int = 1,
    *,
    key: str | None = None,
    part: str | None = None,
) -> Effect:
    where = (*of, step)
    return effect(FunnelStepDay, slot_of(event), field, value, key=key, part=part, of=where)
