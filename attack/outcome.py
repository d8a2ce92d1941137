"""The outcome of an attack, and the rules by which it held or did not."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from attack import bounds
from attack.attack import JUDGED, Judged
from attack.samples import Samples


@dataclass(frozen=True, slots=True)
class Outcome:
    """`failures` has a sentence for each promise that did not hold; empty if all did.

    `p99_ms` is None for a kind of call that was not made meanwhile. `peak_mib`: by process.
    `slowed`: others' median latency in multiples of what it is in a quiet time.
    """

    part: str
    attack: str
    sent: str
    seconds: float
    failures: list[str]
    p99_ms: Mapping[Judged, float | None]
    alive: int
    processes: int
    peak_mib: Mapping[str, float]
    slowed: Mapping[Judged, float] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        return not self.failures

    @property
    def largest(self) -> tuple[str, float]:
        """The process with the most memory, and its MiB."""
        return max(self.peak_mib.items(), key=lambda item: item[1], default=("", 0.0))

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"held": self.held}


def memory_failures(peak_mib: Mapping[str, float], kinds: Mapping[str, str]) -> list[str]:
    """A sentence for each process whose memory passed the bound of its kind."""
    return [
        f"{name} took {mib:.0f} MiB, more than {bounds.MEMORY_MIB_MAX[kinds[name]]:.0f}"
        for name, mib in peak_mib.items()
        if mib > bounds.MEMORY_MIB_MAX[kinds[name]]
    ]


def latency_failures(
    judged: tuple[Judged, ...], during: Samples, quiet: Samples, percent: int = 99
) -> list[str]:
    """A sentence for each kind of others' calls that was refused, or later than its bound."""
    failures = []
    for kind in judged:
        calls, wrong = len(during.of(kind)), during.wrong(kind)
        if wrong:
            each = ", ".join(f"{times:,} × {code or 'no answer'}" for code, times in wrong.items())
            failures.append(f"others' {kind}: {sum(wrong.values()):,} of {calls:,} calls: {each}")
        late, bound = during.percentile(kind, percent), latency_bound_ms(kind, quiet, percent)
        if late is not None and late > bound:
            failures.append(f"others' {kind}: p{percent} {late:,.0f} ms, more than {bound:,.0f}")
    return failures


def latency_bound_ms(kind: Judged, quiet: Samples, percent: int = 99) -> float:
    """What a percentile of a kind of call may be; `quiet` are the calls while nobody attacked."""
    quiet_ms = quiet.percentile(kind, percent) or 0.0
    return max(bounds.LATENCY_MS_MAX[kind], quiet_ms * bounds.QUIET_FACTOR_MAX)


def p99s(during: Samples) -> dict[Judged, float | None]:
    return {kind: during.percentile(kind, 99) for kind in JUDGED}


def slowed(during: Samples, quiet: Samples) -> dict[Judged, float]:
    """How many times the median of a quiet time each kind of call took, if both are known."""
    medians = {kind: (during.percentile(kind, 50), quiet.percentile(kind, 50)) for kind in JUDGED}
    return {kind: late / usual for kind, (late, usual) in medians.items() if late and usual}
