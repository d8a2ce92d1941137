"""The samples of an experiment's variants, and their differences from the control."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from daybook.query.figures.money import currencies_of, day_amount
from daybook.query.figures.totals import DayDocument, total
from daybook.query.funnels.experiments.body import METRICS, Effect, Metric
from daybook.query.statistics.holm import holm
from daybook.query.statistics.t_test import (
    SEQUENTIAL_VISITORS,
    Difference,
    Sample,
    compare,
    successes,
)


class VariantData:
    """One variant's totals, and its samples for the tests."""

    def __init__(self, days: Sequence[DayDocument], currency: str | None) -> None:
        self.visitors = total(days, "visitors")
        self.conversions = total(days, "conversions")
        self.multiple = total(days, "multiple_exposures")
        self.cents = day_amount(days, "value_cents", currency)
        self._squares = sum(
            _sum_of_squares(currencies_of(day).get(currency or "", {})) for day in days
        )

    def sample(self, metric: Metric) -> Sample:
        if metric == "conversion_rate":
            return successes(self.conversions, self.visitors)
        return Sample(self.visitors, self.cents, self._squares)


def _sum_of_squares(amounts: Mapping[str, Any]) -> int:
    """The sum of squares, exact: it is stored as Decimal128."""
    return int(str(amounts.get("value_cents_squared") or 0))


class Differences:
    """Every variant that expects visitors compared with the control, if there is exactly one.

    Without data a variant has no difference, but is one of the comparisons: their number must not
    depend on the data.
    """

    def __init__(
        self,
        defined: Mapping[str, Mapping[str, Any]],
        data: Mapping[str, VariantData],
        sequential: bool,
    ) -> None:
        controls = [name for name, variant in defined.items() if variant["is_control"]]
        self._control = data[controls[0]] if len(controls) == 1 else None
        self._data = data
        others = [
            name
            for name, variant in defined.items()
            if variant["traffic_split"] and not variant["is_control"]
        ]
        self._compared = others if self._control else []
        self._sequential_at = SEQUENTIAL_VISITORS if sequential else None
        self.correction: Literal["holm"] | None = "holm" if len(self._compared) > 1 else None
        self.test = "sequential" if sequential else "Welch, two-sided"
        if self.correction:
            self.test += ", Holm's correction"
        self._effects = {metric: self._all(metric) for metric in METRICS}

    def effect(self, variant_id: str, metric: Metric) -> Effect | None:
        return self._effects[metric].get(variant_id)

    def lift(self, variant_id: str, metric: Metric) -> float | None:
        """The relative difference; None for what is not compared, and for a control's mean of 0."""
        control, data = self._control, self._data[variant_id]
        if not control or variant_id not in self._compared:
            return None
        if not control.visitors or not data.visitors:
            return None
        before, now = control.sample(metric).mean, data.sample(metric).mean
        return (now - before) / before if before else None

    def _all(self, metric: Metric) -> dict[str, Effect]:
        if self._control is None:
            return {}
        control = self._control.sample(metric)
        found = [
            compare(control, self._data[name].sample(metric), sequential_at=self._sequential_at)
            for name in self._compared
        ]
        corrected = holm([difference.p if difference else 1.0 for difference in found])
        return {
            name: _effect(difference, p)
            for name, difference, p in zip(self._compared, found, corrected, strict=True)
            if difference
        }


def _effect(difference: Difference, corrected_p: float) -> Effect:
    return Effect(
        difference=difference.estimate,
        lower=difference.lower,
        upper=difference.upper,
        p=difference.p,
        corrected_p=corrected_p,
    )
