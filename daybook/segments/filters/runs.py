"""A person's memberships over time: runs from the moment of entering to that of leaving."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.profile import Profile
from daybook.segments.filters.timeline import Timeline, Value


class Change(NamedTuple):
    """The person entered (`is_in`) or left at this moment, in milliseconds since 1970."""

    at: int
    is_in: bool


class Run(NamedTuple):
    """The newest run that had begun by a moment: `until` is None while it goes on."""

    since: int
    until: int | None


def changes_of(values: Iterable[Value], *, was_in: bool) -> Iterator[Change]:
    """What changes at these moments, given whether the person was a member before."""
    for at, is_in in values:
        if is_in != was_in:
            was_in = is_in
            yield Change(at, is_in)


def newest_run_of(values: Iterable[Value], run: Run | None = None) -> Run | None:
    """The run that holds after all these moments, else the newest one before; None without any.

    `run` is the newest one that had begun before these moments.
    """
    was_in = run is not None and run.until is None
    for at, is_in in changes_of(values, was_in=was_in):
        run = Run(at, None) if is_in or run is None else run._replace(until=at)
    return run


def newest_run(matcher: Matcher, profile: Profile, t: int) -> Run | None:
    """The run that holds at t, else the newest one before it; None if there was none."""
    return newest_run_of(Timeline(profile, t).values(matcher))
