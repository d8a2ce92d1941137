"""The reasons for leaving a funnel at a step, as the events name them."""

from collections.abc import Mapping, Sequence
from typing import Any

from daybook.query.figures.body import Body
from daybook.query.figures.map_keys import by_name
from daybook.query.figures.shares import shares
from daybook.query.figures.totals import counts
from daybook.query.statistics.proportions import Odds, odds_ratio

LEAVING = ("bounce", "close")
"""The outcomes of exits that leave the funnel."""


class Reason(Body):
    """`count`: exits that left the funnel with this reason; `percentage`: their share of those with
    any reason.

    `odds_ratio`: the odds that an exit with this reason leaves, over those of exits without it,
    with 95 % bounds. Above 1 the reason is associated with leaving, below 1 with going on.
    """

    reason: str
    count: int
    percentage: float
    odds_ratio: float
    odds_ratio_lower: float
    odds_ratio_upper: float


class OtherReasons(Body):
    """Exits that left, in none of the rows; `unknown` counts those without a reason."""

    count: int
    percentage: float
    unknown: int


def reasons(days: Sequence[Mapping[str, Any]]) -> tuple[list[Reason], OtherReasons]:
    """From a step's documents of `analytics_funnel_step`, most frequent first."""
    by_outcome = _by_outcome(days)
    exits = counts(days, "exits_by_outcome")
    left: dict[str, int] = {}
    for outcome in LEAVING:
        for key, count in by_outcome.pop(outcome, {}).items():
            left[key] = left.get(key, 0) + count
    of_other_exits: dict[str, int] = {}
    for reason_counts in by_outcome.values():
        for name, count in by_name(reason_counts):
            of_other_exits[name] = of_other_exits.get(name, 0) + count
    leaving = sum(exits.get(outcome, 0) for outcome in LEAVING)
    others = sum(exits.values()) - leaving
    top, remainder = shares(left)
    rows = [
        Reason(
            reason=row.name,
            count=row.visitors,
            percentage=row.percentage,
            **_odds(row.visitors, of_other_exits.get(row.name, 0), leaving, others),
        )
        for row in top
    ]
    unknown = max(0, leaving - sum(left.values()))
    return rows, OtherReasons(
        count=remainder.visitors, percentage=remainder.percentage, unknown=unknown
    )


def _by_outcome(days: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = {}
    for day in days:
        for outcome, reason_counts in (day.get("reasons_by_outcome") or {}).items():
            of_outcome = sums.setdefault(outcome, {})
            for key, count in reason_counts.items():
                of_outcome[key] = of_outcome.get(key, 0) + int(count)
    return sums


def _odds(left: int, went_on: int, bounces: int, others: int) -> dict[str, float]:
    without = max(0, bounces - left), max(0, others - went_on)
    odds: Odds = odds_ratio((left, went_on), without)
    return {
        "odds_ratio": odds.ratio,
        "odds_ratio_lower": odds.lower,
        "odds_ratio_upper": odds.upper,
    }
