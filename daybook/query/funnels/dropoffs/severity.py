"""How grave a step's drop-off is: what can be said of its rate, and beside the step's own past."""

from typing import Literal, NamedTuple

from daybook.query.figures.rounding import rate
from daybook.query.statistics.proportions import Interval, wilson

Level = Literal["low", "medium", "high"]
Rule = Literal["rate_low", "rate_medium", "rate_high", "worse_than_before"]

MEDIUM_FROM, HIGH_FROM = 0.25, 0.5
_UP: dict[Level, Level] = {"low": "medium", "medium": "high", "high": "high"}


class Flow(NamedTuple):
    """A step's entries in some days, and those of them that ended in a drop-off."""

    drop_offs: int
    entries: int

    @property
    def rate(self) -> float | None:
        return rate(self.drop_offs, self.entries)

    @property
    def interval(self) -> Interval | None:
        """An exit may come a day after its entry, so there may be more drop-offs than entries."""
        return wilson(self.drop_offs, max(self.drop_offs, self.entries))


class Severity(NamedTuple):
    level: Level
    rules: tuple[Rule, ...]


def severity(now: Flow, past: Flow) -> Severity:
    """By Wilson's lower bound at 95 %: `medium` from a quarter, `high` from a half.

    A step that is worse than in the period before beyond doubt (the lower bound is above the upper
    bound of then) is one level up. So few entries never make a step grave.
    """
    told, before = now.interval, past.interval
    if told is None:
        return Severity("low", ("rate_low",))
    level, rule = _level(told.lower)
    if before is not None and told.lower > before.upper:
        return Severity(_UP[level], (rule, "worse_than_before"))
    return Severity(level, (rule,))


def _level(lower: float) -> tuple[Level, Rule]:
    if lower >= HIGH_FROM:
        return "high", "rate_high"
    if lower >= MEDIUM_FROM:
        return "medium", "rate_medium"
    return "low", "rate_low"
