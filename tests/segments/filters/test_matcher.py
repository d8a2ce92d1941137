"""Members enter and leave at the right millisecond."""

import pytest

from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.runs import Run, newest_run
from tests.segments.filters.person import Person, at
from tests.segments.filters.vectors import CARTED, VECTORS, Vector
from tests.segments.filters.walk import changes

LATER = at("2029-01-01T00:00:00Z")


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_a_person_is_a_member_exactly_in_their_runs(vector: Vector) -> None:
    matcher = Matcher(vector.filters, vector.zone)
    found = list(changes(matcher, vector.person.profile, -1, LATER, was_in=False))
    expected = [
        (at(moment), is_in)
        for run in vector.runs
        for moment, is_in in zip(run, (True, False), strict=True)
        if moment
    ]
    assert found == expected
    for moment, is_in in expected:
        assert matcher.value(vector.person.profile, moment - 1) is not is_in
        assert matcher.value(vector.person.profile, moment) is is_in
        moments = matcher.moments(vector.person.profile)
        assert min(one for one in moments if one > moment - 1) == moment


def test_the_newest_run_is_the_one_that_holds_or_the_last_one_before() -> None:
    person = Person().did("cart_add", "2 10:00", "5 10:00")
    matcher = Matcher(CARTED, VECTORS["a cart"].zone)

    def newest(time: str) -> Run | None:
        return newest_run(matcher, person.profile, at(time))

    first = Run(at("2 10:00"), at("3 10:00"))
    assert newest("2 09:59") is None
    assert newest("3 09:59") == first._replace(until=None)
    assert newest("3 10:00") == newest("5 09:59") == first
    assert newest("5 10:00") == Run(at("5 10:00"), None)


def test_without_a_window_the_last_731_days_count() -> None:
    person = Person().did("cart_add", "2 10:00")
    matcher = Matcher({"event": "cart_add"}, VECTORS["a cart"].zone)
    assert newest_run(matcher, person.profile, LATER) == Run(
        at("2 10:00"), at("2028-03-02T00:00:00Z")
    )


def test_who_was_never_seen_is_no_member_at_any_moment() -> None:
    nobody = Person().profile | {"first_seen": None}
    for which in ("first", "last"):
        matcher = Matcher({"not": {"seen": which, "within": "P7D"}}, VECTORS["a cart"].zone)
        assert matcher.moments(nobody) == set()
        assert not matcher.value(nobody, LATER)
