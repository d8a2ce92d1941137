"""Distinct people of a range: exact for one day, from merged sketches for several."""

from collections.abc import Collection
from typing import Literal

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
    uniques, in which a person with visits on two days counts twice; rates are based on it.
    """

    count: int
    method: Literal["exact", "estimate"]
    lower: int
    upper: int
    standard_error: float | None
    by_day: int


def count_uniques(
    days: Collection[DayDocument], sketches: Collection[DayDocument], field: str = "unique_visitors"
) -> Uniques:
    """From the daily documents and the sketches of the same range.

    The days' counts are exact. So there are at least as many people as on the busiest day, and as
    new visitors (a person is new only once); and at most as many as on all days together. These
    bounds also apply where sketches are incomplete, because they were added after counting began.
    """
    counted = [int(day[field]) for day in days if day.get(field)]
    new = sum(int(day.get("new_visitors") or 0) for day in days)
    least, most = max(new, *counted, 0), sum(counted)
    if least == most:
        return Uniques(
            count=most, method="exact", lower=most, upper=most, standard_error=0.0, by_day=most
        )
    estimate = people(sketches)
    complete = bool(sketches) and all(_is_complete(sketch) for sketch in sketches)
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


def _is_complete(sketch: DayDocument) -> bool:
    return bool(sketch.get("_daybook", {}).get("model"))
