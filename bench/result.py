"""The result of a part of the benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.comparison import Comparison
from bench.figure import Figure


@dataclass(frozen=True, slots=True)
class Result:
    """`facts`: what was measured and how, in words."""

    facts: Mapping[str, str]
    comparisons: list[Comparison]
    figures: list[Figure] = field(default_factory=list)
