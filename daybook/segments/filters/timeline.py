"""How the values of filters change over a stretch of a person's time.

Most segments share most of their conditions, and of most conditions nothing changes in a stretch.
So each condition is examined once, and filters only at the moments at which a condition changes.
"""

from collections.abc import Sequence
from typing import NamedTuple

from daybook.segments.filters.matcher import Condition, Matcher
from daybook.segments.filters.profile import Cuts, Profile, cuts, moments_of_cuts

Value = tuple[int, bool]
"""A moment, and the value from then on."""

_NOTHING_CUT = Cuts(-1, -1)


class Course(NamedTuple):
    """The value before the stretch, how it changes in it, in order, and the moments at which it
    might have."""

    before: bool
    changes: Sequence[Value]
    moments: Sequence[int]


class Timeline:
    """The stretch (after, until] of a person's time, in milliseconds since 1970; without `after`,
    all of it up to then. The profile must stay as it is."""

    def __init__(self, profile: Profile, until: int, after: int | None = None) -> None:
        self._profile = profile
        self._after = after
        self._until = until
        self._courses: dict[Condition, Course] = {}
        self._next: dict[Condition, int | None] = {}
        moments = sorted(set(moments_of_cuts(profile)))
        self._next_cut = next((at for at in moments if at > until), None)
        self._cut_at = [at for at in moments if at <= until and (after is None or at > after)]
        self._cuts = None if after is None else cuts(profile, after)
        self._counted = self._course_of_counting()

    def values(self, matcher: Matcher, every_after: int | None = None) -> list[Value]:
        """The values of filters at the moments of the stretch at which a condition changes, and at
        those later than `every_after` at which one might have."""
        courses, turns = [self._counted], [(at, 0, value) for at, value in self._counted.changes]
        for place, condition in enumerate(matcher.conditions, start=1):
            course = self._courses.get(condition) or self._examine(condition)
            courses.append(course)
            if course.changes:
                turns += [(at, place, value) for at, value in course.changes]
        if not turns and every_after is None:
            return []
        state = [course.before for course in courses]
        if every_after is not None:
            unchanged = len(state)
            state.append(False)
            turns += [
                (at, unchanged, False)
                for course in courses
                for at in course.moments
                if at > every_after
            ]
        turns.sort()
        found: list[Value] = []
        for at, place, value in turns:
            state[place] = value
            if found and found[-1][0] == at:
                found.pop()
            found.append((at, state[0] and matcher.combine(state)))
        return found

    def next_moment(self, matcher: Matcher) -> int | None:
        """The first moment after it at which the value may change; None if there is none."""
        nearest, known = self._next_cut, self._next
        for condition in matcher.conditions:
            if condition in known:
                at = known[condition]
            else:
                at = known[condition] = condition.next(self._profile, self._until)
            if at is not None and (nearest is None or at < nearest):
                nearest = at
        return nearest

    def _examine(self, condition: Condition) -> Course:
        """The course of a condition, which is then known."""
        profile, after, until = self._profile, self._after, self._until
        moments: list[int] = list(self._cut_at)
        if after is None:
            before = False
            moments += (at for turns in condition.turns for at in turns.all(profile) if at <= until)
        else:
            before = condition.test(profile, after, self._cuts or _NOTHING_CUT)
            for turns in condition.turns:
                moments += turns.between(profile, after, until)
        changes: list[Value] = []
        value = before
        for at in sorted(set(moments)):
            now = condition.test(profile, at, self._cuts_at(at))
            if now is not value:
                value = now
                changes.append((at, now))
        found = self._courses[condition] = Course(before, changes, moments)
        return found

    def _cuts_at(self, t: int) -> Cuts:
        """What counts at t; while nothing does, it makes no difference."""
        counting = cuts(self._profile, t) if self._cut_at else self._cuts
        return counting or _NOTHING_CUT

    def _course_of_counting(self) -> Course:
        """Whether the person may match anything: not before they were first seen, and not without
        consent or an account."""
        first_seen = self._profile["first_seen"]
        if first_seen is None:
            return Course(False, (), self._cut_at)
        after = self._after
        before = after is not None and first_seen <= after and self._cuts is not None
        changes = [
            (at, first_seen <= at and cuts(self._profile, at) is not None) for at in self._cut_at
        ]
        return Course(before, changes, self._cut_at)
