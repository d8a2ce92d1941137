"""A/B tests: what each variant came to beside the control, and whether one has won."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from daybook.query.figures.body import Period
from daybook.query.figures.date_range import Span, iso_timestamp
from daybook.query.figures.money import ANY, Wanted, currencies_of, known, main_currency
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.totals import DayDocument, total
from daybook.query.funnels.experiments.body import (
    METRICS,
    Effect,
    Experiment,
    Experiments,
    Metric,
    Variant,
)
from daybook.query.funnels.experiments.checks import Arm, gates
from daybook.query.funnels.experiments.winner import How, winner
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from daybook.query.statistics.t_test import (
    SEQUENTIAL_VISITORS,
    Difference,
    Sample,
    compare,
    successes,
)
from models.experiment import ExperimentDay


def experiments_report(
    span: Span,
    tests: Sequence[DayDocument],
    days: Sequence[DayDocument],
    how: How,
    wanted: Wanted = ANY,
) -> Experiments:
    """From documents of `experiments`, and `analytics_experiment` of them all."""
    by_test: dict[str, list[DayDocument]] = {}
    for day in days:
        by_test.setdefault(day["test_id"], []).append(day)
    return Experiments(
        period=Period(**span.period),
        tests=[
            experiment(test, by_test.get(test["test_id"], []), span.zone, how, wanted)
            for test in tests
        ],
    )


def experiment(
    test: DayDocument, days: Sequence[DayDocument], zone: ZoneInfo, how: How, wanted: Wanted = ANY
) -> Experiment:
    """Of one test: its variants as defined, then others that visitors were exposed to."""
    found: dict[str, list[DayDocument]] = {}
    for day in days:
        found.setdefault(day["variant_id"], []).append(day)
    currency = main_currency(days, "value_cents", wanted)
    defined = {each["variant_id"]: each for each in test["variants"]}
    controls = [name for name, each in defined.items() if each["is_control"]]
    control = _Side(found.get(controls[0], ()), currency) if len(controls) == 1 else None
    variants = [
        _variant(name, defined.get(name), _Side(found.get(name, ()), currency), control, how)
        for name in [*defined, *sorted(found.keys() - defined.keys())]
    ]
    passed = gates([_arm(each) for each in variants if each.variant_id in defined])
    eligible = [each for each in variants if each.variant_id in defined]
    return Experiment(
        test_id=test["test_id"],
        test_name=test["name"],
        status=test["status"],
        started_at=_moment(test["started_at"], zone),
        completed_at=_moment(test["completed_at"], zone),
        metric=how.metric,
        sequential=how.sequential,
        currency=currency,
        variants=variants,
        gates=passed,
        winner=winner(eligible, how) if all(gate.passed for gate in passed) else None,
        by_currency={
            other: {name: known(own, "value_cents", other) for name, own in sorted(found.items())}
            for other in sorted({c for day in days for c in currencies_of(day)} - {currency})
        },
    )


class _Side:
    """One variant's days, and its samples."""

    def __init__(self, days: Sequence[DayDocument], currency: str | None) -> None:
        self.visitors = total(days, "visitors")
        self.conversions = total(days, "conversions")
        self.multiple = total(days, "multiple_exposures")
        self.cents = known(days, "value_cents", currency)
        self._squares = sum(_whole(currencies_of(day).get(currency or "", {})) for day in days)

    def sample(self, metric: Metric) -> Sample:
        if metric == "conversion_rate":
            return successes(self.conversions, self.visitors)
        return Sample(self.visitors, self.cents, self._squares)


def _whole(amounts: Mapping[str, Any]) -> int:
    """The sum of squares: a Decimal128, whose digits are all of them needed."""
    return int(str(amounts.get("value_cents_squared") or 0))


def _variant(
    name: str, defined: Mapping[str, Any] | None, own: _Side, control: _Side | None, how: How
) -> Variant:
    is_control = bool(defined and defined["is_control"])
    beside = None if is_control or not defined else control
    effects = {metric: _compare(beside, own, metric, how.sequential) for metric in METRICS}
    chosen = effects[how.metric]
    return Variant(
        variant_id=name,
        variant_name=defined["name"] if defined else name,
        is_control=is_control,
        traffic_split=float(defined["traffic_split"]) if defined else None,
        visitors=own.visitors,
        conversions=own.conversions,
        conversion_rate=rate(own.conversions, own.visitors),
        revenue_cents=own.cents,
        avg_revenue_per_visitor_cents=average(own.cents, own.visitors),
        improvement_vs_control=_lift(beside, own, how.metric),
        confidence=1 - chosen.p if chosen else None,
        multiple_exposures=own.multiple,
        by_conversion_rate=_effect(effects["conversion_rate"]),
        by_revenue_per_visitor=_effect(effects["revenue_per_visitor"]),
    )


def _compare(
    control: _Side | None, own: _Side, metric: Metric, sequential: bool
) -> Difference | None:
    if control is None:
        return None
    at = SEQUENTIAL_VISITORS if sequential else None
    return compare(control.sample(metric), own.sample(metric), sequential_at=at)


def _lift(control: _Side | None, own: _Side, metric: Metric) -> float | None:
    if control is None or not control.visitors or not own.visitors:
        return None
    before, now = control.sample(metric).mean, own.sample(metric).mean
    return (now - before) / before if before else None


def _effect(found: Difference | None) -> Effect | None:
    if found is None:
        return None
    return Effect(difference=found.estimate, lower=found.lower, upper=found.upper, p=found.p)


def _arm(variant: Variant) -> Arm:
    return Arm(
        variant.visitors,
        variant.conversions,
        variant.multiple_exposures,
        variant.traffic_split or 0.0,
        variant.is_control,
    )


def _moment(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else iso_timestamp(moment, zone)


async def load_tests(scope: Scope, funnel_id: str, test_id: str | None) -> list[Document]:
    """The funnel's experiments, the newest first; by `_id`, for an organization has few."""
    where = {"_id": scope.id(test_id) if test_id else scope.beneath()}
    found = await scope.find("experiments", {**where, "funnel_id": funnel_id})
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda test: (test["started_at"] or never, test["_id"]), reverse=True)


async def load_test_days(scope: Scope, tests: Sequence[Document], span: Span) -> list[Document]:
    names = [test["test_id"] for test in tests]
    if not names:
        return []
    return await scope.find(
        ExperimentDay.collection,
        {"test_id": {"$in": names}, "date": span.dates},
        fields={"hours": False, "_daybook": False},
    )
