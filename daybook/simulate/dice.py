"""A random generator with the choices that the simulation needs; equal seeds give equal traffic."""

import random
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Table(Generic[T]):
    """A weighted choice: values, each with its relative frequency."""

    def __init__(self, weights: Sequence[tuple[T, float]]) -> None:
        self.values = [value for value, _ in weights]
        self.cumulative = list(accumulate(weight for _, weight in weights))


class Dice(random.Random):
    """`random.Random` with a few more methods."""

    def chance(self, probability: float) -> bool:
        """True with this probability (0 to 1)."""
        return self.random() < probability

    def pick(self, table: Table[T]) -> T:
        """One of the table's values, by their weights."""
        return self.choices(table.values, cum_weights=table.cumulative)[0]

    def uuid(self) -> str:
        """128 random bits in the form of a UUID."""
        digits = f"{self.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def about_ms(self, seconds: float) -> int:
        """An exponentially distributed duration in milliseconds, of `seconds` on average."""
        return int(self.expovariate(1 / seconds) * 1000)
