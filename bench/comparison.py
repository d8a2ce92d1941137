"""Compares a program with a yardstick: pairs of runs, one after the other, and their ratios."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.stopwatch import Measured


@dataclass(frozen=True, slots=True)
class Goal:
    """The least ratio of a program's speed to that of its yardstick."""

    ratio: float

    def __str__(self) -> str:
        return f"{self.ratio:,.0f}x" if self.ratio >= 1 else f"{self.ratio:.0%}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`pairs`: our run, then the yardstick's; `program` and `yardstick` are their names."""

    program: str
    yardstick: str
    pairs: list[tuple[Measured, Measured]]
    goal: Goal | None = None

    @property
    def ratios(self) -> list[float]:
        """For each pair, our events per second divided by the yardstick's."""
        return [ours.rate / other.rate for ours, other in self.pairs]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return median(self.ratios)

    @property
    def reached(self) -> bool:
        """Whether the goal is reached; True if there is none."""
        return self.goal is None or self.ratio >= self.goal.ratio

    def as_json(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "yardstick": self.yardstick,
            "pairs": [
                {"ours": asdict(ours), "yardstick": asdict(other), "ratio": ratio}
                for (ours, other), ratio in zip(self.pairs, self.ratios, strict=True)
            ],
            "ratio": self.ratio,
            "goal": self.goal.ratio if self.goal else None,
            "reached": self.reached,
        }
