"""Why visitors drop off at a step, as they or the page said."""

from collections.abc import Mapping, Sequence
from typing import Any

from daybook.query.figures.body import Body
from daybook.query.figures.map_keys import by_name
from daybook.query.figures.shares import shares
from daybook.query.figures.totals import counts
from daybook.query.statistics.proportions import Odds, odds_ratio

BOUNCE = "bounce"


class Reason(Body):
    """`count` drop-offs gave it; `percentage` is of those that gave any.

    `odds_ratio`: the odds that an exit with it is a drop-off, over those of exits without it.
    Bounds at 95 %: above 1 the reason goes with dropping off, below 1 with going on.
    """

    reason: str
    count: int
    percentage: float
    odds_ratio: float
    odds_ratio_lower: float
    odds_ratio_upper: float


class OtherReasons(Body):
    """What stands in no row; `unknown` drop-offs gave no reason at all."""

    count: int
    percentage: float
    unknown: int


def reasons(days: Sequence[Mapping[str, Any]]) -> tuple[list[Reason], OtherReasons]:
    """Of a step's `analytics_funnel_step`, the most frequent first."""
    by_outcome = _by_outcome(days)
    exits = counts(days, "exits_by_outcome")
    bounced = by_outcome.pop(BOUNCE, {})
    elsewhere: dict[str, int] = {}
    for found in by_outcome.values():
        for name, count in by_name(found):
            elsewhere[name] = elsewhere.get(name, 0) + count
    bounces = exits.get(BOUNCE, 0)
    others = sum(exits.values()) - bounces
    rows, beyond = shares(bounced)
    told = [
        Reason(
            reason=row.name,
            count=row.visitors,
            percentage=row.percentage,
            **_odds(row.visitors, elsewhere.get(row.name, 0), bounces, others),
        )
        for row in rows
    ]
    unknown = max(0, bounces - sum(bounced.values()))
    return told, OtherReasons(count=beyond.visitors, percentage=beyond.percentage, unknown=unknown)


def _by_outcome(days: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for day in days:
        for outcome, told in (day.get("reasons_by_outcome") or {}).items():
            own = found.setdefault(outcome, {})
            for key, count in told.items():
                own[key] = own.get(key, 0) + int(count)
    return found


def _odds(left: int, went_on: int, bounces: int, others: int) -> dict[str, float]:
    without = max(0, bounces - left), max(0, others - went_on)
    found: Odds = odds_ratio((left, went_on), without)
    return {
        "odds_ratio": found.ratio,
        "odds_ratio_lower": found.lower,
        "odds_ratio_upper": found.upper,
    }
