"""A person's memberships over time: runs from the moment of entering to that of leaving."""

from collections.abc import Iterator
from typing import NamedTuple

from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.profile import Profile


class Change(NamedTuple):
    """The person entered (`is_in`) or left at this moment, in milliseconds since 1970."""

    at: int
    is_in: bool


class Run(NamedTuple):
    """The newest run that had begun by a moment: `until` is None while it goes on."""

    since: int
    until: int | None


def changes(
    matcher: Matcher, profile: Profile, after: int, until: int, *, was_in: bool
) -> Iterator[Change]:
    """What changed in (after, until], given whether the person was a member at `after`."""
    for moment in sorted(at for at in matcher.moments(profile) if after < at <= until):
        if matcher.value(profile, moment) != was_in:
            was_in = not was_in
            yield Change(moment, was_in)


def newest_run(matcher: Matcher, profile: Profile, t: int) -> Run | None:
    """The run that holds at t, else the newest one before it; None if there was none."""
    run: Run | None = None
    for at, is_in in changes(matcher, profile, -1, t, was_in=False):
        run = Run(at, None) if is_in or run is None else run._replace(until=at)
    return run
