"""A person's whole history in a segment, moment by moment."""

from collections.abc import Iterator

from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.profile import Profile
from daybook.segments.filters.runs import Change, changes_of


def changes(
    matcher: Matcher, profile: Profile, after: int, until: int, *, was_in: bool
) -> Iterator[Change]:
    """What changed in (after, until], given whether the person was a member at `after`."""
    moments = sorted(at for at in matcher.moments(profile) if after < at <= until)
    return changes_of(((at, matcher.value(profile, at)) for at in moments), was_in=was_in)
