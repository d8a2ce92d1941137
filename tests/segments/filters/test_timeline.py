"""A stretch of a person's time is as the matcher says of each moment."""

import pytest

from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.runs import changes_of
from daybook.segments.filters.timeline import Timeline
from tests.segments.filters.person import at
from tests.segments.filters.random_filters import ZONES, Draw
from tests.segments.filters.walk import changes


@pytest.mark.parametrize("seed", range(4))
def test_any_stretch_has_the_changes_and_the_next_moment_that_a_walk_finds(seed: int) -> None:
    draw = Draw(seed)
    pick = draw.random
    for _ in range(300):
        person, zone = draw.person(), pick.choice(ZONES)
        if pick.random() < 0.2:
            person.profile["first_seen"] = pick.choice((None, at(draw.time())))
        after, until = sorted((at(draw.time()), at(draw.time()) + pick.randint(-1, 10**9)))
        onward, whole = (
            Timeline(person.profile, until, after),
            Timeline(person.profile, until),
        )
        # Several filters share what was found of their conditions.
        for matcher in [Matcher(draw.tree(), zone) for _ in range(3)]:
            was_in = matcher.value(person.profile, after)
            walked = changes(matcher, person.profile, after, until, was_in=was_in)
            assert list(changes_of(onward.values(matcher), was_in=was_in)) == list(walked)
            walked = changes(matcher, person.profile, -1, until, was_in=False)
            assert list(changes_of(whole.values(matcher), was_in=False)) == list(walked)
            later = [moment for moment in matcher.moments(person.profile) if moment > until]
            assert onward.next_moment(matcher) == min(later, default=None)
            assert whole.next_moment(matcher) == min(later, default=None)
