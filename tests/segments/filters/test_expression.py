"""MongoDB and the matcher say the same of everyone, at every moment."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.segments.filters.expression import expression
from daybook.segments.filters.matcher import Matcher
from tests.segments.filters.person import Person, at
from tests.segments.filters.random_filters import ZONES, Draw
from tests.segments.filters.vectors import VECTORS
from tests.support.world import World

TREES = 60
PEOPLE = 40


def stored(world: World, people: Sequence[Person]) -> None:
    world.documents["people"].insert_many(
        [{"_id": number, **_encoded(person.profile)} for number, person in enumerate(people)]
    )


def _encoded(profile: Mapping[str, Any]) -> dict[str, Any]:
    """As stage 2 stores it: ids of orders are keys of a map."""
    orders = {
        name.replace("$", "%24").replace(".", "%2E"): o for name, o in profile["orders"].items()
    }
    return {**profile, "orders": orders}


def matching(
    world: World, filters: Any, zone: ZoneInfo, moments: Sequence[int]
) -> list[list[bool]]:
    """By person, whether they match at each moment."""
    values = [expression(filters, zone, moment) for moment in moments]
    found = world.documents["people"].aggregate(
        [{"$sort": {"_id": 1}}, {"$project": {"values": values}}]
    )
    return [person["values"] for person in found]


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_mongodb_gives_the_value_of_each_vector(world: World, vector: Any) -> None:
    stored(world, [vector.person])
    bounds = [at(bound) for run in vector.runs for bound in run if bound] or [at("2 12:00")]
    moments = [moment for bound in bounds for moment in (bound - 1, bound)]
    matcher = Matcher(vector.filters, vector.zone)
    expected = [matcher.value(vector.person.profile, moment) for moment in moments]
    assert matching(world, vector.filters, vector.zone, moments) == [expected]


@pytest.mark.parametrize("seed", range(3))
def test_both_compilers_agree_on_random_trees_people_and_moments(world: World, seed: int) -> None:
    draw = Draw(seed)
    people = [draw.person() for _ in range(PEOPLE)]
    stored(world, people)
    values: set[bool] = set()
    for _ in range(TREES):
        filters, zone = draw.tree(), draw.random.choice(ZONES)
        matcher = Matcher(filters, zone)
        moments = [at(draw.time()) + draw.random.choice((-1, 0, 1)) for _ in range(6)]
        expected = [
            [matcher.value(person.profile, moment) for moment in moments] for person in people
        ]
        assert matching(world, filters, zone, moments) == expected, filters
        values.update(value for row in expected for value in row)
    assert values == {True, False}


@pytest.mark.parametrize("seed", range(20))
def test_between_two_moments_of_change_nothing_changes(seed: int) -> None:
    draw = Draw(seed)
    for _ in range(10):
        matcher, person = Matcher(draw.tree(), draw.random.choice(ZONES)), draw.person()
        moments = sorted(matcher.moments(person.profile))
        for moment, following in zip(moments, moments[1:], strict=False):
            value = matcher.value(person.profile, moment)
            for _ in range(3):
                between = draw.random.randrange(moment, following)
                assert matcher.value(person.profile, between) is value
            assert matcher.value(person.profile, following - 1) is value
