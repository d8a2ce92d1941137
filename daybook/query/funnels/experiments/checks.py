"""What an experiment must pass before it has a winner, however clear its numbers look."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from daybook.query.figures.body import Body
from daybook.query.statistics.chi_square import sample_ratio_p

SRM_P_MIN = 0.001
CONVERSIONS_MIN = 8
VISITORS_MIN = 150
MULTIPLE_BELOW = 0.01

GateName = Literal["one_control", "sample_ratio", "conversions", "visitors", "multiple_exposures"]


class Check(Body):
    """`value` is what is held against `limit`; null where it cannot be told, which is no pass."""

    gate: GateName
    passed: bool
    value: float | None
    limit: float


class Arm(NamedTuple):
    """A variant's numbers, as far as gates ask for them."""

    visitors: int
    conversions: int
    multiple_exposures: int
    split: float
    is_control: bool


def gates(arms: Sequence[Arm]) -> list[Check]:
    """Of the variants that the experiment is said to have."""
    visitors = [arm.visitors for arm in arms]
    multiple = sum(arm.multiple_exposures for arm in arms)
    exposed = sum(visitors) + multiple
    controls = sum(arm.is_control for arm in arms)
    p = sample_ratio_p(visitors, [arm.split for arm in arms])
    share = multiple / exposed if exposed else None
    return [
        Check(gate="one_control", passed=controls == 1, value=float(controls), limit=1.0),
        Check(
            gate="sample_ratio", passed=p is not None and p >= SRM_P_MIN, value=p, limit=SRM_P_MIN
        ),
        _at_least("conversions", [arm.conversions for arm in arms], CONVERSIONS_MIN),
        _at_least("visitors", visitors, VISITORS_MIN),
        Check(
            gate="multiple_exposures",
            passed=share is not None and share < MULTIPLE_BELOW,
            value=share,
            limit=MULTIPLE_BELOW,
        ),
    ]


def _at_least(gate: GateName, values: Sequence[int], limit: int) -> Check:
    """In each variant, so in the one with the fewest."""
    fewest = min(values, default=0)
    return Check(gate=gate, passed=fewest >= limit, value=float(fewest), limit=float(limit))
