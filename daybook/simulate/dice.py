"""Chance, from a seed: the same seed, the same throws."""

import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Table(Generic[T]):
    """Things and how often each comes up."""

    def __init__(self, weights: Sequence[tuple[T, float]]) -> None:
        self.things = [thing for thing, _ in weights]
        self.cumulative = list(accumulate(weight for _, weight in weights))


class Dice(random.Random):
    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def of(self, table: Table[T]) -> T:
        return self.choices(table.things, cum_weights=table.cumulative)[0]

    def uuid(self) -> str:
        digits = f"{self.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def about_ms(self, seconds: float) -> int:
        """A wait of that many seconds on average."""
        return int(self.expovariate(1 / seconds) * 1000)
