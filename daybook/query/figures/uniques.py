"""How many people there were: exactly on one day, by united sketches over several."""

from collections.abc import Collection
from typing import Literal

from daybook.engine.documents.sketches import LG_K
from daybook.query.figures.body import Body
from daybook.query.figures.totals import DayDocument
from models.uniques import people

STANDARD_ERROR = 1.04 / 2 ** (LG_K / 2)
"""Of united sketches, relative: 1.6 %."""


class Uniques(Body):
    """Distinct people of a range.

    `method` is `exact`, or `estimate` with the relative `standard_error` and bounds that hold in
    95 cases of 100; without an error (null) only the bounds are known. `by_day` is the sum of the
    days' uniques, which rates are of: whoever came on two days is two in it.
    """

    count: int
    method: Literal["exact", "estimate"]
    lower: int
    upper: int
    standard_error: float | None
    by_day: int


def uniques(
    days: Collection[DayDocument], sketches: Collection[DayDocument], field: str = "unique_visitors"
) -> Uniques:
    """Of daily documents, and of the sketches of the same range.

    Each day is exact, so there cannot be fewer people than on its greatest day, nor than are new,
    which everybody is once; nor more than all days have together. That also bounds what sketches
    do not know, where counting is older than they are: then the bounds of the days stand in.
    """
    counted = [int(day[field]) for day in days if day.get(field)]
    new = sum(int(day.get("new_visitors") or 0) for day in days)
    least, most = max(new, *counted, 0), sum(counted)
    if least == most:
        return Uniques(
            count=most, method="exact", lower=most, upper=most, standard_error=0.0, by_day=most
        )
    told = people(sketches)
    whole = bool(sketches) and all(_is_whole(sketch) for sketch in sketches)
    lower, upper = max(least, told.lower), min(most, told.upper) if whole else most
    lower = min(lower, upper)
    exact = whole and told.lower == told.upper
    return Uniques(
        count=min(max(told.estimate, lower), upper),
        method="exact" if exact else "estimate",
        lower=lower,
        upper=upper,
        standard_error=_error(whole, exact),
        by_day=most,
    )


def _error(whole: bool, exact: bool) -> float | None:
    if exact:
        return 0.0
    return STANDARD_ERROR if whole else None


def _is_whole(sketch: DayDocument) -> bool:
    return bool(sketch.get("_daybook", {}).get("model"))
