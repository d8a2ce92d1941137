"""Brings a person's memberships up to a moment, and lists the changes to be published."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.names import EVERYTHING
from daybook.segments.filters.runs import Change, Run, changes_of, newest_run_of
from daybook.segments.filters.timeline import Timeline, Value
from daybook.segments.profile_facts import oldest_where_cut

Profile = MutableMapping[str, Any]

EVENT, TIME, CONSENT, ACCOUNT = "event", "time", "consent", "deleted"
"""Why somebody entered or left at a moment: something happened, a window ran out, or consent or the
account changed."""
LATE, MERGED, DEFINED, REDEFINED = "late", "merged", "defined", "redefined"
RETIRED = "retired"
"""Why the present membership differs from the one published: an event from before the moment that
was evaluated last, a visitor's facts, the segment's definition, or its end."""

_NONE: Mapping[str, str] = MappingProxyType({})
_NOBODY = {"version": None, "in": False, "since": None, "until": None, "number": 0}


class Definition(NamedTuple):
    """The version of a segment that is in force."""

    segment: str
    version: int
    matcher: Matcher


def new_memberships() -> dict[str, Any]:
    """The fields of a profile that `evaluate` maintains, before the first time.

    It maintains `evaluated_to` and `late`, too.

    `segments` has for each segment, as of `evaluated_to`, {version, in, since, until, number}: the
    newest run, and how many changes were published; times are milliseconds since 1970. If the run
    may have begun earlier, with facts that had to go, `since_exact` is there, and false. `due` has
    the next moment at which each may change, and `due_at` the first of these. `outbox` are changes
    to be published, {segment, version, number, entered, at, since, reason, is_current}.
    """
    return {"segments": {}, "due": {}, "due_at": None, "outbox": []}


def evaluate(
    profile: Profile,
    definitions: Sequence[Definition],
    clock: int,
    why: str = LATE,
    new: Mapping[str, str] = _NONE,
) -> None:
    """Evaluates segments up to the clock. The others must be the same as at `evaluated_to`.

    Each change since then is published with its own moment. If these do not lead to the present
    membership, the difference is published too, for which `why` is the reason. Of the segments in
    `new` that is all; their reasons are DEFINED or REDEFINED.
    """
    late = set(profile.get("late", (EVERYTHING,)))
    since = profile["evaluated_to"]
    is_anew = not 0 <= since <= clock or why != LATE or EVERYTHING in late
    oldest = oldest_where_cut(profile)
    every_after = since if since >= 0 else None
    due, whole, onward = profile["due"], Timeline(profile, clock), None
    for definition in definitions:
        matcher, reason = definition.matcher, new.get(definition.segment, why)
        if is_anew or reason != LATE or not late.isdisjoint(matcher.names):
            _evaluate_anew(profile, definition, whole.values(matcher, every_after), clock, reason)
        else:
            onward = onward or Timeline(profile, clock, since)
            _go_on(profile, definition, onward.values(matcher))
        _mark_exactness(profile, definition, oldest)
        moment = (onward or whole).next_moment(matcher)
        if moment is not None:
            due[definition.segment] = moment
        else:
            due.pop(definition.segment, None)
    profile["due_at"] = min(due.values(), default=None)
    profile["evaluated_to"] = max(since, clock)
    profile["late"] = []


def retire(profile: Profile, segment: str, clock: int) -> None:
    """Ends a person's membership in a segment that is retired."""
    profile["due"].pop(segment, None)
    known = profile["segments"].get(segment)
    if known is None or not known["in"]:
        return
    known = known | {"in": False, "until": clock, "number": known["number"] + 1}
    profile["segments"][segment] = known
    change = {
        "segment": segment,
        "version": known["version"],
        "number": known["number"],
        "entered": False,
        "at": clock,
        "since": known["since"],
        "reason": RETIRED,
        "is_current": True,
    }
    profile["outbox"].append(change)


def due(profile: Profile, clock: int) -> list[str]:
    """The segments that may have changed by the clock."""
    return [segment for segment, moment in profile["due"].items() if moment <= clock]


def _go_on(profile: Profile, definition: Definition, values: Sequence[Value]) -> None:
    """Goes on from `evaluated_to`, up to which nothing has changed. `values` are those since."""
    if not values:
        return
    known = profile["segments"].get(definition.segment, _NOBODY)
    was_in, run = known["in"], None
    if known["since"] is not None:
        run = Run(known["since"], known["until"])
    told = [(change, _reason(profile, change.at)) for change in changes_of(values, was_in=was_in)]
    if told:
        _tell(profile, definition, newest_run_of(values, run), told)


def _evaluate_anew(
    profile: Profile, definition: Definition, past: Sequence[Value], clock: int, why: str
) -> None:
    """`past` are the values at the moments up to the clock: what was known may be another, so after
    `evaluated_to` also where no condition changes."""
    known = profile["segments"].get(definition.segment, _NOBODY)
    run = newest_run_of(past)
    is_in = run is not None and run.until is None
    told = list(_changes(profile, past, why, was_in=known["in"]))
    if is_in != (told[-1][0].is_in if told else known["in"]):
        told.append((_difference(run, clock, why), why))
    _tell(profile, definition, run, told)


def _mark_exactness(profile: Profile, definition: Definition, oldest: Mapping[str, int]) -> None:
    """Notes it if the run may have begun earlier, with facts that had to go."""
    known = profile["segments"].get(definition.segment)
    if known is None or known["since"] is None:
        return
    is_exact = not any(
        name in oldest and known["since"] <= oldest[name] for name in definition.matcher.names
    )
    if is_exact != known.get("since_exact", True):
        own = {name: value for name, value in known.items() if name != "since_exact"}
        own |= {} if is_exact else {"since_exact": False}
        profile["segments"][definition.segment] = own


def _tell(
    profile: Profile,
    definition: Definition,
    run: Run | None,
    told: Sequence[tuple[Change, str]],
) -> None:
    """Takes over the newest run, and what is to be published, each change with its reason."""
    known = profile["segments"].get(definition.segment, _NOBODY)
    number, since = known["number"], known["since"]
    for change, reason in told:
        number += 1
        if change.is_in:
            since = run.since if run and reason in (DEFINED, REDEFINED) else change.at
        profile["outbox"].append(
            {
                "segment": definition.segment,
                "version": definition.version,
                "number": number,
                "entered": change.is_in,
                "at": change.at,
                "since": since,
                "reason": reason,
                "is_current": number == known["number"] + len(told),
            }
        )
    if run is not None or definition.segment in profile["segments"]:
        since, until = run or (None, None)
        profile["segments"][definition.segment] = {
            "version": definition.version,
            "in": run is not None and until is None,
            "since": since,
            "until": until,
            "number": number,
        }


def _changes(
    profile: Profile, past: Sequence[Value], why: str, *, was_in: bool
) -> Iterator[tuple[Change, str]]:
    """The changes since the last evaluation; of a new definition nothing but the difference."""
    if why in (DEFINED, REDEFINED):
        return
    new = (one for one in past if one[0] > profile["evaluated_to"])
    for change in changes_of(new, was_in=was_in):
        yield change, _reason(profile, change.at)


def _difference(run: Run | None, clock: int, why: str) -> Change:
    """The change to the present membership, at the moment at which it came to be."""
    is_in = run is not None and run.until is None
    if run is None or why in (DEFINED, REDEFINED):
        return Change(clock, is_in)
    return Change(run.since if run.until is None else run.until, is_in)


def _reason(profile: Profile, at: int) -> str:
    for name, reason in (("account", ACCOUNT), ("consent", CONSENT)):
        if any(changed == at for changed, _ in profile[name]):
            return reason
    return EVENT if _has_fact_at(profile, at) else TIME


def _has_fact_at(profile: Profile, at: int) -> bool:
    for times in profile["events"].values():
        place = bisect_left(times, at)
        if place < len(times) and times[place] == at:
            return True
    if any(moment == at for values in profile["attributes"].values() for moment, _ in values):
        return True
    return any(
        order["paid_at"] == at or any(moment == at for moment, _ in order["refunds"])
        for order in profile["orders"].values()
    )
