"""Determines the winner of an experiment, if there is one."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from daybook.query.funnels.experiments.body import Effect, Metric, Variant, Winner
from daybook.query.statistics.t_test import CONFIDENCE

ALPHA = 1 - CONFIDENCE


class Evaluation(NamedTuple):
    """The metric to compare, and whether results must remain valid under repeated checks."""

    metric: Metric = "conversion_rate"
    sequential: bool = False


def winner(variants: Sequence[Variant], evaluation: Evaluation) -> Winner | None:
    """The best variant significantly above the control, or the control if all others are below."""
    effects = [(arm, _effect(arm, evaluation)) for arm in variants if not arm.is_control]
    significant = [(arm, effect) for arm, effect in effects if effect and effect.p < ALPHA]
    above = [(arm, effect) for arm, effect in significant if effect.difference > 0]
    if above:
        best, effect = max(above, key=lambda pair: pair[1].difference)
        return Winner(variant_id=best.variant_id, reason=_reason("above", effect, evaluation))
    if significant and len(significant) == len(effects):
        control = next(arm for arm in variants if arm.is_control)
        nearest = max((effect for _, effect in significant), key=lambda effect: effect.difference)
        return Winner(variant_id=control.variant_id, reason=_reason("below", nearest, evaluation))
    return None


def _effect(variant: Variant, evaluation: Evaluation) -> Effect | None:
    by_rate = evaluation.metric == "conversion_rate"
    return variant.by_conversion_rate if by_rate else variant.by_revenue_per_visitor


def _reason(side: Literal["above", "below"], effect: Effect, evaluation: Evaluation) -> str:
    test = "sequential" if evaluation.sequential else "Welch, two-sided"
    metric = evaluation.metric.replace("_", " ")
    subject = "its" if side == "above" else "the nearest variant's"
    return (
        f"{subject} {metric} is {side} the control's by {abs(effect.difference):.4g} (95 %: "
        f"{effect.lower:.4g} to {effect.upper:.4g}; p = {effect.p:.2g}, {test}), and every gate "
        "is passed"
    )
