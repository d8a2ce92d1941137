"""A program beside a yardstick: pairs of runs, one after the other, and what they come to."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.stopwatch import Measured


@dataclass(frozen=True, slots=True)
class Goal:
    """How many times as fast as its yardstick a program is to be, at least."""

    ratio: float

    def __str__(self) -> str:
        return f"{self.ratio:,.0f}x" if self.ratio >= 1 else f"{self.ratio:.0%}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`pairs`: ours, then the yardstick; `program` and `yardstick` say what they are."""

    program: str
    yardstick: str
    pairs: list[tuple[Measured, Measured]]
    goal: Goal | None = None

    @property
    def ratios(self) -> list[float]:
        """Ours over the yardstick's events a second, a pair."""
        return [ours.rate / other.rate for ours, other in self.pairs]

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def reached(self) -> bool:
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
