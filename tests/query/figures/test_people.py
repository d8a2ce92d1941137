"""People of a range: visitors without a user, and users in place of the others."""

from typing import Any

import pytest

from daybook.engine.documents.sketches import add_keys
from daybook.query.figures.people import People, Users, count_people
from daybook.query.figures.uniques import count_uniques
from tests.query.funnels.build import day

COUNTED = {"_daybook": {"model": 3}}


def sketch(*keys: str, model: int = 3) -> dict[str, Any]:
    return {"sketch": add_keys(None, keys), "_daybook": {"model": model}}


def named(prefix: str, last: int, first: int = 0) -> list[str]:
    return [f"{prefix} {number}" for number in range(first, last)]


def counted(date: str, visitors: int, of_users: int) -> dict[str, Any]:
    return day(date, unique_visitors=visitors, named_visitors=of_users, **COUNTED)


def people(
    days: list[dict[str, Any]], users: Users, visitors: list[dict[str, Any]] | None = None
) -> People | None:
    return count_people(days, count_uniques(days, visitors or []), users)


@pytest.mark.parametrize(
    ("visitors", "of_users", "users", "count"),
    [(5, 2, 1, 4), (1, 1, 2, 2), (3, 0, 0, 3), (0, 0, 0, 0), (2, 2, 1, 1)],
    ids=["two devices", "two people at one", "nobody logs in", "no one", "only two devices"],
)
def test_people_of_a_day_are_exact(visitors: int, of_users: int, users: int, count: int) -> None:
    found = people([counted("2026-01-05", visitors, of_users)], Users(on_the_day=users))
    assert found is not None
    assert (found.count, found.lower, found.upper) == (count, count, count)
    assert (found.method, found.standard_error, found.users) == ("exact", 0.0, users)


def test_who_logs_in_on_the_second_day_is_one_person_of_both() -> None:
    """`phone` is anonymous on the first day; `laptop` is the same user's on the second."""
    days = [counted("2026-01-05", 2, 0), counted("2026-01-06", 2, 2)]
    visiting = [sketch("phone", "somebody"), sketch("phone", "laptop")]
    users = Users([sketch("phone", "laptop")], [sketch("user"), sketch("user")])
    found = people(days, users, visiting)
    assert found == People(count=2, users=1, method="exact", lower=2, upper=2, standard_error=0.0)


def test_many_people_are_an_estimate_with_its_error() -> None:
    days = [counted(f"2026-01-0{number}", 20_000, 8_000) for number in (5, 6)]
    visiting = [sketch(*named("v", 20_000)), sketch(*named("v", 24_000, 4_000))]
    others = [sketch(*named("v", 8_000)), sketch(*named("v", 12_000, 4_000))]
    found = people(days, Users(others, [sketch(*named("u", 6_000))]), visiting)
    assert found is not None and found.standard_error is not None
    truth = 24_000 - 12_000 + 6_000
    assert found.method == "estimate"
    assert found.users <= found.lower <= truth <= found.upper
    assert found.count == pytest.approx(truth, rel=0.1)
    # Those of 24,000, 12,000 and 6,000, combined.
    assert found.standard_error == pytest.approx(0.01625 * 27_495 / truth, rel=0.1)


def test_there_are_no_fewer_people_than_users() -> None:
    """A visitor whose session was forgotten may be named twice, and visit once."""
    found = people([counted("2026-01-05", 1, 2)], Users(on_the_day=1))
    assert found is not None
    assert (found.count, found.lower, found.upper) == (1, 1, 1)


def test_without_sketches_of_visitors_only_the_bounds_are_known() -> None:
    days = [counted(f"2026-01-0{number}", 10, 4) for number in (5, 6)]
    users = Users([sketch("a", "b", "c", "d")], [sketch("u")])
    found = people(days, users, [sketch("a", model=0)])
    assert found is not None
    assert (found.method, found.standard_error) == ("estimate", None)
    assert (found.lower, found.upper) == (10 - 4 + 1, 20 - 4 + 1)


def test_named_visitors_without_a_sketch_of_users_are_unknown_people() -> None:
    assert people([counted("2026-01-05", 2, 2)], Users()) is None


@pytest.mark.parametrize(
    ("day_model", "sketch_model"), [(2, 3), (3, 2)], ids=["days", "sketches of users"]
)
def test_people_counted_before_users_were_are_unknown(day_model: int, sketch_model: int) -> None:
    days = [counted(f"2026-01-0{n}", 2, 1) | {"_daybook": {"model": day_model}} for n in (5, 6)]
    of_users = Users([sketch("a")], [sketch("u", model=sketch_model)])
    assert people(days, of_users, [sketch("a", "b")]) is None
