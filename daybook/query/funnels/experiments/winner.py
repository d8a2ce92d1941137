"""Which variant of an experiment has won, if one has."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from daybook.query.funnels.experiments.body import Effect, Metric, Variant, Winner
from daybook.query.statistics.t_test import CONFIDENCE

ALPHA = 1 - CONFIDENCE


class How(NamedTuple):
    """By which number variants are judged, and whether the answer may be looked at every day."""

    metric: Metric = "conversion_rate"
    sequential: bool = False


def winner(variants: Sequence[Variant], how: How) -> Winner | None:
    """The best of those significantly above the control; the control, if all others are below."""
    found = [(each, _chosen(each, how)) for each in variants if not each.is_control]
    clear = [(each, effect) for each, effect in found if effect and effect.p < ALPHA]
    above = [(each, effect) for each, effect in clear if effect.difference > 0]
    if above:
        best, effect = max(above, key=lambda each: each[1].difference)
        return Winner(variant_id=best.variant_id, reason=_reason("above", effect, how))
    if clear and len(clear) == len(found):
        control = next(each for each in variants if each.is_control)
        nearest = max((effect for _, effect in clear), key=lambda effect: effect.difference)
        return Winner(variant_id=control.variant_id, reason=_reason("below", nearest, how))
    return None


def _chosen(variant: Variant, how: How) -> Effect | None:
    by_rate = how.metric == "conversion_rate"
    return variant.by_conversion_rate if by_rate else variant.by_revenue_per_visitor


def _reason(side: Literal["above", "below"], effect: Effect, how: How) -> str:
    test = "sequential" if how.sequential else "Welch, two-sided"
    what = how.metric.replace("_", " ")
    who = "its" if side == "above" else "the nearest variant's"
    return (
        f"{who} {what} is {side} the control's by {abs(effect.difference):.4g} (95 %: "
        f"{effect.lower:.4g} to {effect.upper:.4g}; p = {effect.p:.2g}, {test}), and every gate "
        "is passed"
    )
