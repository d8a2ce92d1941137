"""The severity of a step's losses, from their rates and the change since the preceding period."""

from typing import Literal, NamedTuple

from daybook.query.figures.rounding import rate
from daybook.query.statistics.proportions import Interval, wilson

Loss = Literal["bounces", "progression"]
Level = Literal["low", "medium", "high"]
Rule = Literal["rate_low", "rate_medium", "rate_high", "worse_than_before"]

MEDIUM_FROM, HIGH_FROM = 0.25, 0.5
_UP: dict[Level, Level] = {"low": "medium", "medium": "high", "high": "high"}


class Flow(NamedTuple):
    """What came to a step over some days, and how much of it was lost: entries that ended in a
    drop-off, or attempts that did not reach the next step."""

    lost: int
    whole: int

    @property
    def rate(self) -> float | None:
        return rate(self.lost, self.whole)

    @property
    def interval(self) -> Interval | None:
        """An exit may be counted a day after its entry, so drop-offs can exceed entries."""
        return wilson(self.lost, max(self.lost, self.whole))


class Severity(NamedTuple):
    level: Level
    rules: tuple[Rule, ...]


LEVELS: tuple[Level, ...] = ("high", "medium", "low")
"""The gravest first."""


def graver(bounces: Severity, progression: Severity) -> tuple[Severity, Loss]:
    """The graver of two, and which of the two losses it is; of equal ones that of bounces."""
    if LEVELS.index(progression.level) < LEVELS.index(bounces.level):
        return progression, "progression"
    return bounces, "bounces"


def severity(now: Flow, past: Flow) -> Severity:
    """From Wilson's lower bound at 95 %: `medium` from a quarter, `high` from a half.

    One level higher if the rate is significantly worse than in the preceding period, that is if
    its lower bound exceeds the upper bound of then. So few entries never cause a high severity.
    """
    current, before = now.interval, past.interval
    if current is None:
        return Severity("low", ("rate_low",))
    level, rule = _level(current.lower)
    if before is not None and current.lower > before.upper:
        return Severity(_UP[level], (rule, "worse_than_before"))
    return Severity(level, (rule,))


def _level(lower: float) -> tuple[Level, Rule]:
    if lower >= HIGH_FROM:
        return "high", "rate_high"
    if lower >= MEDIUM_FROM:
        return "medium", "rate_medium"
    return "low", "rate_low"
