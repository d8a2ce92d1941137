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
        courses = [*(self._course(condition) for condition in matcher.conditions), self._counted]
        turns = [
            (at, place, value)
            for place, course in enumerate(courses)
            for at, value in course.changes
        ]
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
        if not turns:
            return []
        turns.sort()
        counting = len(courses) - 1
        found: list[Value] = []
        for at, place, value in turns:
            state[place] = value
            if found and found[-1][0] == at:
                found.pop()
            found.append((at, state[counting] and matcher.combine(state)))
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

    def _course(self, condition: Condition) -> Course:
        found = self._courses.get(condition)
        if found is None:
            found = self._courses[condition] = self._examine(condition)
        return found

    def _examine(self, condition: Condition) -> Course:
        profile, after, until = self._profile, self._after, self._until
        moments: list[int] = list(self._cut_at)
        if after is None:
            before = False
            moments += (at for turns in condition.turns for at in turns.all(profile) if at <= until)
        else:
            before = condition.test(profile, after, self._cuts or _NOTHING_CUT)
            for turns in condition.turns:
                moments += turns.between(profile, after, until)
        if not moments:
            return Course(before, (), ())
        changes: list[Value] = []
        value = before
        for at in sorted(set(moments)):
            now = condition.test(profile, at, self._cuts_at(at))
            if now is not value:
                value = now
                changes.append((at, now))
        return Course(before, changes, moments)

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
