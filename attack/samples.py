"""The latencies of a well-behaved caller, and what they come to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from attack.attack import Judged

UNANSWERED_MS = 10_000.0
"""What a call counts with that had no answer when no more was waited for."""

_OK = {"tracking": 202, "reports": 200}


@dataclass(frozen=True, slots=True)
class Sample:
    """A call that was due at `due`, in seconds of the monotonic clock, and took `ms` from then on.

    `status` is 0 if no answer came.
    """

    kind: Judged
    due: float
    ms: float
    status: int

    @property
    def is_ok(self) -> bool:
        return self.status == _OK[self.kind]


class Samples:
    """The calls that were due within a span of time."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = list(samples)

    def of(self, kind: Judged) -> list[Sample]:
        return [sample for sample in self._samples if sample.kind == kind]

    def percentile(self, kind: Judged, percent: float) -> float | None:
        """The latency in ms that this percentage of the calls did not exceed; None without calls.

        A call without the right answer counts with the time it took.
        """
        return percentile([sample.ms for sample in self.of(kind)], percent)

    def wrong(self, kind: Judged) -> dict[int, int]:
        """How many calls had a wrong status, by status."""
        found: dict[int, int] = {}
        for sample in self.of(kind):
            if not sample.is_ok:
                found[sample.status] = found.get(sample.status, 0) + 1
        return found


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The nearest rank: the least value that `percent` of the values do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def with_unanswered(
    samples: Sequence[Sample], expected: Mapping[Judged, int], ended: float
) -> list[Sample]:
    """The samples, and one without an answer for each that is missing from the expected numbers."""
    complete = list(samples)
    for kind, number in expected.items():
        missing = number - sum(sample.kind == kind for sample in samples)
        complete += [Sample(kind, ended, UNANSWERED_MS, 0)] * missing
    return complete
