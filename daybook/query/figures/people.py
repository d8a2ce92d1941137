"""Distinct people of a range: users, and the visitors of whom no user is known."""

from collections.abc import Collection, Sequence
from math import hypot
from typing import Literal, NamedTuple

from daybook.query.figures.body import Body
from daybook.query.figures.totals import DayDocument
from daybook.query.figures.uniques import STANDARD_ERROR, Uniques, count_uniques, model_version
from models.funnel import FunnelDay
from models.uniques import people as estimate_of

_SINCE = FunnelDay.fields["named_visitors"].since
_SKETCHES_SINCE = 3


class Users(NamedTuple):
    """Sketches of the range's visitors with a user (`named`), and of the users.

    `on_the_day`: the exact number of users, of a range of one day whose rows are all there, and few
    enough.
    """

    named: Collection[DayDocument] = ()
    sketches: Collection[DayDocument] = ()
    on_the_day: int | None = None


class People(Body):
    """Distinct people of a range: a visitor who named a user in it counts as that user.

    `users` of them are users. `method`, the bounds and the error are as in `Uniques`.
    """

    count: int
    users: int
    method: Literal["exact", "estimate"]
    lower: int
    upper: int
    standard_error: float | None


class _Number(NamedTuple):
    """A number with its bounds, and its standard error: None if only the bounds are known."""

    value: int
    lower: int
    upper: int
    error: float | None

    @classmethod
    def exactly(cls, value: int) -> "_Number":
        return cls(value, value, value, 0.0)

    @classmethod
    def of(cls, uniques: Uniques) -> "_Number":
        relative = uniques.standard_error
        error = None if relative is None else relative * uniques.count
        return cls(uniques.count, uniques.lower, uniques.upper, error)

    @property
    def below(self) -> int:
        return self.value - self.lower

    @property
    def above(self) -> int:
        return self.upper - self.value


def count_people(days: Collection[DayDocument], visiting: Uniques, users: Users) -> People | None:
    """The visitors without those who have a user, and the users.

    `visiting` are the visitors of the same days. None if some of the days were counted before users
    were, and not rebuilt.
    """
    if any(model_version(day) < _SINCE for day in days):
        return None
    named = count_uniques(days, users.named, "named_visitors", since=_SKETCHES_SINCE)
    known = _count_users(users, named)
    if known is None:
        return None
    visitors, others = _Number.of(visiting), _Number.of(named)
    count = max(0, visitors.value - others.value) + known.value
    parts = visitors, others, known
    lower = count - _combined(parts, (visitors.below, others.above, known.below))
    upper = count + _combined(parts, (visitors.above, others.below, known.above))
    error = None if any(part.error is None for part in parts) else _spread(parts)
    return People(
        count=count,
        users=known.value,
        method="exact" if lower == upper else "estimate",
        lower=min(count, max(lower, known.lower)),
        upper=upper,
        standard_error=None if error is None else error / count if count else 0.0,
    )


def _count_users(users: Users, named: Uniques) -> _Number | None:
    """The users; None if their sketches are absent or incomplete."""
    if not named.upper:
        return _Number.exactly(0)
    if users.on_the_day is not None:
        return _Number.exactly(users.on_the_day)
    versions = [model_version(sketch) for sketch in users.sketches]
    if min(versions, default=0) < _SKETCHES_SINCE:
        return None
    estimate, lower, upper = estimate_of(users.sketches)
    return _Number(estimate, lower, upper, 0.0 if lower == upper else STANDARD_ERROR * estimate)


def _combined(parts: Sequence[_Number], offs: Sequence[int]) -> int:
    """How far the sum of the parts may be off, if each is off by this much.

    Errors of estimates are combined as those of independent ones. Those of the visitors and of the
    named ones among them mostly have the same sign, and the latter are subtracted, so the truth is
    no worse. Of a part whose error is unknown, the whole distance to its bound may be wrong.
    """
    if any(part.error is None for part in parts):
        return sum(offs)
    return round(hypot(*offs))


def _spread(parts: Sequence[_Number]) -> float:
    return hypot(*(part.error or 0.0 for part in parts))
