"""Counts `analytics_funnel_step`: a visitor's entries, exits and conversions by step."""

from bisect import bisect_right

from daybook.simulate.answer import plain
from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.grouping import first_by, group_by, session_of
from daybook.simulate.answer.keys import DIRECT, EXIT, UNATTRIBUTED, key, split_key
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.shape import STEP

Names = tuple[str, ...]

CONTEXT_MAPS = {"sources": "source", "devices": "device_type", "browsers": "browser"}


def count(ledger: Ledger, names: Names, deeds: list[Deed]) -> None:
    """Counts one visitor in one funnel.

    `names`: organization and funnel. `deeds`: the visitor's in the funnel, in order of time.
    """
    converted: dict[tuple[str, str], Deed] = {}
    sessions = group_by(deeds, session_of)
    for session in sessions.values():
        _session(ledger, names, session)
    for deed in deeds:
        if deed.kind == "conversion":
            step = deed.data.get("step_id")
            if not step:
                step = _entered_last(sessions[deed.session], deed)
                plain.step_conversion(ledger, (*names, step), deed)
            converted.setdefault((step, deed.at.day), deed)
    for (step, _), deed in converted.items():
        ledger.counter(STEP, (*names, step), deed.at, "converting_visitors")
    entries = [deed for deed in deeds if deed.kind == "step_entry"]
    for deed in first_by(entries, lambda entry: (entry.step, entry.at.day)).values():
        _visitor(ledger, (*names, deed.step), deed)


def _session(ledger: Ledger, names: Names, session: list[Deed]) -> None:
    entries = [deed for deed in session if deed.kind == "step_entry"]
    for deed in first_by(entries, lambda entry: (entry.step, entry.at.day)).values():
        ledger.counter(STEP, (*names, deed.step), deed.at, "visitors")
    before: str | None = None
    for index, deed in enumerate(session):
        step = (*names, str(deed.data.get("step_id")))
        if deed.kind == "step_entry":
            came_from = before or deed.data.get("previous_step_id")
            path = key(came_from) if came_from else DIRECT
            ledger.map_counter(STEP, step, deed.at.day, ("entry_paths", path))
            before = deed.step
            if (left := _left(session[index + 1 :], deed.step)) is not None:
                _time(ledger, step, deed, left.at.ms - deed.at.ms)
        elif deed.kind == "step_exit":
            path = _went_to(deed, session[index + 1 :])
            ledger.map_counter(STEP, step, deed.at.day, ("exit_paths", path))


def _visitor(ledger: Ledger, names: Names, first: Deed) -> None:
    ledger.counter(STEP, names, first.at, "unique_visitors")
    for field, name in CONTEXT_MAPS.items():
        under = split_key(field, first.context.get(name))
        ledger.map_counter(STEP, names, first.at.day, (field, under))


def _left(after: list[Deed], step: str) -> Deed | None:
    """The event that marks the end of a stay at the step, if there is one."""
    for deed in after:
        if deed.kind == "step_entry" or (deed.kind == "step_exit" and deed.step == step):
            return deed
    return None


def _time(ledger: Ledger, names: Names, entry: Deed, spent_ms: int) -> None:
    ledger.counter(STEP, names, entry.at, "time_spent_count")
    ledger.counter(STEP, names, entry.at, "time_spent_seconds", spent_ms // 1000)
    ledger.map_counter(STEP, names, entry.at.day, ("time_histogram", str(bucket(spent_ms))))


def _went_to(leaving: Deed, after: list[Deed]) -> str:
    if leaving.data["exit_outcome"] in ("bounce", "close"):
        return EXIT
    entered = next((deed.step for deed in after if deed.kind == "step_entry"), None)
    step = entered or leaving.data.get("next_step_id")
    return key(step) if step else EXIT


def _entered_last(session: list[Deed], conversion: Deed) -> str:
    before = [
        deed.step for deed in session if deed.kind == "step_entry" and deed.order < conversion.order
    ]
    return before[-1] if before else UNATTRIBUTED


_bounds = [1]


def bucket(ms: int) -> int:
    """0 for 0 ms, else the largest i with b(i) <= ms; b(1) = 1."""
    while _bounds[-1] <= ms:
        _bounds.append(max(_bounds[-1] + 1, _bounds[-1] * 51 // 49))
    return bisect_right(_bounds, ms)
