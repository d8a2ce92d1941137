"""How many people match filters: counted, or estimated from a sample."""

from typing import Any, Literal, NamedTuple

from daybook.query.statistics.proportions import wilson
from daybook.segments.stage.profiles import SAMPLES

COUNTED_MAX = 20_000
"""Of an organization with more people, a sample is examined."""
SAMPLED = 10_000
"""About so many people are in a sample."""

IS_KNOWN: dict[str, Any] = {"first_seen": {"$gte": 0}}
"""The filter for people of whom something is known; a visitor who became a user is none."""


class Estimate(NamedTuple):
    """`matching` of `people` match, between `low` and `high` in 95 of 100 cases."""

    people: int
    matching: int
    low: int
    high: int
    is_sample: bool

    @property
    def method(self) -> Literal["count", "sample"]:
        """How it was found."""
        return "sample" if self.is_sample else "count"


def sample_of(people: int) -> dict[str, Any]:
    """The filter for the people to be examined: everybody, or a sample."""
    if people <= COUNTED_MAX:
        return {}
    return {"sample": {"$lt": max(1, round(SAMPLES * SAMPLED / people))}}


def estimated(people: int, examined: int, matching: int) -> Estimate:
    """From what was found among those examined, with Wilson's interval if these are not all."""
    if examined >= people:
        return Estimate(people, matching, matching, matching, is_sample=False)
    bounds = wilson(matching, examined)
    if bounds is None:
        return Estimate(people, 0, 0, people, is_sample=True)
    low, high = (round(people * bound) for bound in bounds)
    return Estimate(people, round(people * matching / examined), low, high, is_sample=True)
