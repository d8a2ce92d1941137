"""Distinct people of a range: exact for one day, from merged sketches for several."""

from collections.abc import Collection
from typing import Literal, NamedTuple

from daybook.engine.documents.sketches import LG_K
from daybook.query.figures.body import Body
from daybook.query.figures.totals import DayDocument
from models.uniques import people

STANDARD_ERROR = 1.04 / 2 ** (LG_K / 2)
"""The relative standard error of merged sketches: 1.6 %."""


class Uniques(Body):
    """Distinct people of a range.

    `method` is `exact`, or `estimate` with the relative `standard_error` and 95 % confidence
    bounds; if the error is null, only the bounds are known. `by_day` is the sum of the days'
    uniques, in which a person with visits on two days counts twice.
    """

    count: int
    method: Literal["exact", "estimate"]
    lower: int
    upper: int
    standard_error: float | None
    by_day: int


class RateOfPeople(NamedTuple):
    """People over people, with bounds that hold in 95 of 100 cases; they are equal if exact."""

    rate: float | None
    lower: float | None
    upper: float | None


def rate_of_people(converting: Uniques, visiting: Uniques) -> RateOfPeople:
    """Whoever converted has visited, so no rate is above 1, whatever the estimates say."""
    if not visiting.count:
        return RateOfPeople(None, None, None)
    return RateOfPeople(
        min(1.0, converting.count / visiting.count),
        min(1.0, converting.lower / visiting.upper),
        min(1.0, converting.upper / max(1, visiting.lower)),
    )


def count_converting(days: Collection[DayDocument], sketches: Collection[DayDocument]) -> Uniques:
    """The people of a funnel who converted; their sketches were added in version 2."""
    return count_uniques(days, sketches, "converting_visitors", since=2)


def count_uniques(
    days: Collection[DayDocument],
    sketches: Collection[DayDocument],
    field: str = "unique_visitors",
    *,
    since: int = 1,
) -> Uniques:
    """From the daily documents and the sketches of the same range.

    The days' counts are exact. So there are at least as many people as on the busiest day, and as
    new visitors (a person is new only once); and at most as many as on all days together. These
    bounds also apply where sketches are incomplete, because they were added after counting began:
    `since` is the version of the sketches that added this kind.
    """
    counted = [int(day[field]) for day in days if day.get(field)]
    new = sum(int(day.get("new_visitors") or 0) for day in days)
    least, most = max(new if field == "unique_visitors" else 0, *counted, 0), sum(counted)
    if least == most:
        return Uniques(
            count=most, method="exact", lower=most, upper=most, standard_error=0.0, by_day=most
        )
    estimate = people(sketches)
    complete = bool(sketches) and all(model_version(sketch) >= since for sketch in sketches)
    lower, upper = max(least, estimate.lower), min(most, estimate.upper) if complete else most
    lower = min(lower, upper)
    exact = complete and estimate.lower == estimate.upper
    return Uniques(
        count=min(max(estimate.estimate, lower), upper),
        method="exact" if exact else "estimate",
        lower=lower,
        upper=upper,
        standard_error=_error(complete, exact),
        by_day=most,
    )


def _error(complete: bool, exact: bool) -> float | None:
    if exact:
        return 0.0
    return STANDARD_ERROR if complete else None


def model_version(document: DayDocument) -> int:
    """The model version for which a document, or a sketch, is complete."""
    return int(document.get("_daybook", {}).get("model") or 0)
