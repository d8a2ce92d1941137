"""The checks that an experiment must pass before a winner is declared."""

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
    """`value` is compared with `limit`; null means it cannot be computed, and the check fails."""

    gate: GateName
    passed: bool
    value: float | None
    limit: float


class Arm(NamedTuple):
    """The numbers of a variant that the checks use."""

    visitors: int
    conversions: int
    multiple_exposures: int
    split: float
    is_control: bool


def run_checks(arms: Sequence[Arm]) -> list[Check]:
    """The results for the variants of the experiment's definition.

    A variant with a split of 0 expects no visitors, so none are required of it.
    """
    visitors = [arm.visitors for arm in arms]
    expecting = [arm for arm in arms if arm.split]
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
        _at_least("conversions", [arm.conversions for arm in expecting], CONVERSIONS_MIN),
        _at_least("visitors", [arm.visitors for arm in expecting], VISITORS_MIN),
        Check(
            gate="multiple_exposures",
            passed=share is not None and share < MULTIPLE_BELOW,
            value=share,
            limit=MULTIPLE_BELOW,
        ),
    ]


def _at_least(gate: GateName, values: Sequence[int], limit: int) -> Check:
    """Each of these variants must reach the limit, so the smallest value decides."""
    fewest = min(values, default=0)
    return Check(gate=gate, passed=fewest >= limit, value=float(fewest), limit=float(limit))
