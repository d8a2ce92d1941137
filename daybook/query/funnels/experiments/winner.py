"""Determines the winner of an experiment, if there is one."""

from collections.abc import Sequence
from typing import NamedTuple

from daybook.query.funnels.experiments.body import Effect, Metric, Variant, Winner
from daybook.query.statistics.t_test import CONFIDENCE

ALPHA = 1 - CONFIDENCE


class Evaluation(NamedTuple):
    """The metric to compare; whether p must be valid at every look, None: as the status says."""

    metric: Metric = "conversion_rate"
    sequential: bool | None = None

    def is_sequential(self, status: str) -> bool:
        """By default while the test runs: people look at it until it ends, and then once more."""
        return status == "running" if self.sequential is None else self.sequential


def winner(variants: Sequence[Variant], metric: Metric, test: str) -> Winner | None:
    """The best variant significantly above the control, or the control if all others are below.

    `test` names the statistical test in the reason.
    """
    effects = [(arm, _effect(arm, metric)) for arm in variants if not arm.is_control]
    significant = [
        (arm, effect) for arm, effect in effects if effect and effect.corrected_p < ALPHA
    ]
    above = [(arm, effect) for arm, effect in significant if effect.difference > 0]
    if above:
        best, effect = max(above, key=lambda pair: pair[1].difference)
        return Winner(
            variant_id=best.variant_id, reason=_reason("its", "above", effect, metric, test)
        )
    if significant and len(significant) == len(effects):
        control = next(arm for arm in variants if arm.is_control)
        nearest = max((effect for _, effect in significant), key=lambda effect: effect.difference)
        reason = _reason("the nearest variant's", "below", nearest, metric, test)
        return Winner(variant_id=control.variant_id, reason=reason)
    return None


def _effect(variant: Variant, metric: Metric) -> Effect | None:
    by_rate = metric == "conversion_rate"
    return variant.by_conversion_rate if by_rate else variant.by_revenue_per_visitor


def _reason(subject: str, side: str, effect: Effect, metric: Metric, test: str) -> str:
    return (
        f"{subject} {metric.replace('_', ' ')} is {side} the control's by "
        f"{abs(effect.difference):.4g} (95 %: {effect.lower:.4g} to {effect.upper:.4g}; "
        f"p = {effect.corrected_p:.2g}, {test}), and every gate is passed"
    )
