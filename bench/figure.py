"""A figure without a yardstick: measured several times, with a goal of its own."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`values`: one per run, in `unit`. The median must be within `at_most` or `at_least`."""

    what: str
    unit: str
    values: list[float]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def goal(self) -> str | None:
        """The goal in words; None if there is none."""
        if self.at_most is not None:
            return f"at most {self.at_most:,g} {self.unit}"
        return None if self.at_least is None else f"at least {self.at_least:,g} {self.unit}"

    @property
    def reached(self) -> bool:
        """Whether the median is within the goal."""
        if self.at_most is not None and self.median > self.at_most:
            return False
        return self.at_least is None or self.median >= self.at_least

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"median": self.median, "reached": self.reached}
