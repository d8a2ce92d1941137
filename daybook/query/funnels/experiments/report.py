"""The report on A/B tests: each variant compared with the control, and the winner."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from daybook.query.figures.body import Period
from daybook.query.figures.comparison import compare_parts
from daybook.query.figures.date_range import Span, iso_timestamp
from daybook.query.figures.money import (
    ANY,
    CurrencyPreference,
    currencies_of,
    day_amount,
    main_currency,
)
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.totals import DayDocument
from daybook.query.funnels.definition import Basis
from daybook.query.funnels.experiments.body import (
    Experiment,
    Experiments,
    Metric,
    Variant,
    VariantNumbers,
)
from daybook.query.funnels.experiments.checks import Arm, run_checks
from daybook.query.funnels.experiments.differences import Differences, VariantData
from daybook.query.funnels.experiments.winner import Evaluation, winner
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope


def experiments_report(
    span: Span,
    tests: Sequence[DayDocument],
    basis: Basis,
    days: Sequence[DayDocument],
    evaluation: Evaluation,
    preference: CurrencyPreference = ANY,
    before: Sequence[DayDocument] | None = None,
) -> Experiments:
    """From documents of `experiments`, and the numbers of their variants in the form of documents
    of `analytics_experiment`, with money of this basis.

    `before`: those of the preceding period, for a comparison.
    """
    by_test = _by(days, "test_id")
    found = [
        experiment(test, by_test.get(test["test_id"], []), span.zone, evaluation, preference)
        for test in tests
    ]
    comparison: dict[str, Any] = {}
    if before is not None:
        comparison["previous"], comparison["change"] = compare_parts(
            span.previous().period, _numbers(found, days), _numbers(found, before)
        )
    return Experiments(period=Period(**span.period), basis=basis, tests=found, **comparison)


def _by(days: Sequence[DayDocument], field: str) -> dict[str, list[DayDocument]]:
    groups: dict[str, list[DayDocument]] = {}
    for day in days:
        groups.setdefault(day[field], []).append(day)
    return groups


def _numbers(tests: Sequence[Experiment], days: Sequence[DayDocument]) -> dict[str, VariantNumbers]:
    """The numbers of these tests' variants in these days, in the currency of the report.

    Ids contain no spaces, so each name is that of one variant.
    """
    numbers, by_test = {}, _by(days, "test_id")
    for test in tests:
        by_variant = _by(by_test.get(test.test_id, ()), "variant_id")
        for variant in test.variants:
            data = VariantData(by_variant.get(variant.variant_id, ()), test.currency)
            numbers[f"{test.test_id} {variant.variant_id}"] = VariantNumbers(
                visitors=data.visitors,
                conversions=data.conversions,
                conversion_rate=rate(data.conversions, data.visitors),
                revenue_cents=data.cents,
                avg_revenue_per_visitor_cents=average(data.cents, data.visitors),
                multiple_exposures=data.multiple,
            )
    return numbers


def experiment(
    test: DayDocument,
    days: Sequence[DayDocument],
    zone: ZoneInfo,
    evaluation: Evaluation,
    preference: CurrencyPreference = ANY,
) -> Experiment:
    """One test: its defined variants, then others that visitors were exposed to."""
    days_by_variant = _by(days, "variant_id")
    currency = main_currency(days, ("value_cents",), preference)
    defined = _defined(test)
    data = {
        name: VariantData(days_by_variant.get(name, ()), currency)
        for name in [*defined, *sorted(days_by_variant.keys() - defined.keys())]
    }
    sequential = evaluation.is_sequential(test["status"])
    differences = Differences(defined, data, sequential)
    variants = [
        _variant(name, defined.get(name), numbers, differences, evaluation.metric)
        for name, numbers in data.items()
    ]
    eligible = [variant for variant in variants if variant.variant_id in defined]
    checks = run_checks([_arm(variant) for variant in eligible])
    judged = [variant for variant in eligible if variant.traffic_split]
    has_passed = all(check.passed for check in checks)
    return Experiment(
        test_id=test["test_id"],
        test_name=test["name"],
        status=test["status"],
        started_at=_timestamp(test["started_at"], zone),
        completed_at=_timestamp(test["completed_at"], zone),
        declared_winner_id=test.get("winner_variant_id"),
        metric=evaluation.metric,
        sequential=sequential,
        correction=differences.correction,
        currency=currency,
        variants=variants,
        gates=checks,
        winner=winner(judged, evaluation.metric, differences.test) if has_passed else None,
        by_currency={
            other: {
                name: day_amount(of_variant, "value_cents", other)
                for name, of_variant in sorted(days_by_variant.items())
            }
            for other in sorted({c for day in days for c in currencies_of(day)} - {currency})
        },
    )


def _defined(test: DayDocument) -> dict[str, dict[str, Any]]:
    """The variants of the definition by id, with splits from 0 to 1.

    They are stored as their owner wrote them: fractions, or percent, of which one is above 1.
    """
    variants = test["variants"]
    whole = 100 if any(variant["traffic_split"] > 1 for variant in variants) else 1
    return {
        variant["variant_id"]: {**variant, "traffic_split": variant["traffic_split"] / whole}
        for variant in variants
    }


def _variant(
    name: str,
    defined: Mapping[str, Any] | None,
    data: VariantData,
    differences: Differences,
    metric: Metric,
) -> Variant:
    chosen = differences.effect(name, metric)
    return Variant(
        variant_id=name,
        variant_name=defined["name"] if defined else name,
        is_control=bool(defined and defined["is_control"]),
        traffic_split=defined["traffic_split"] if defined else None,
        visitors=data.visitors,
        conversions=data.conversions,
        conversion_rate=rate(data.conversions, data.visitors),
        revenue_cents=data.cents,
        avg_revenue_per_visitor_cents=average(data.cents, data.visitors),
        improvement_vs_control=differences.lift(name, metric),
        confidence=1 - chosen.corrected_p if chosen else None,
        multiple_exposures=data.multiple,
        by_conversion_rate=differences.effect(name, "conversion_rate"),
        by_revenue_per_visitor=differences.effect(name, "revenue_per_visitor"),
    )


def _arm(variant: Variant) -> Arm:
    return Arm(
        variant.visitors,
        variant.conversions,
        variant.multiple_exposures,
        variant.traffic_split or 0.0,
        variant.is_control,
    )


def _timestamp(time: datetime | None, zone: ZoneInfo) -> str | None:
    return None if time is None else iso_timestamp(time, zone)


async def load_tests(scope: Scope, funnel_id: str, test_id: str | None) -> list[Document]:
    """The funnel's experiments, newest first. Filtered by `_id`: an organization has only a few."""
    where = {"_id": scope.id(test_id) if test_id else scope.beneath()}
    tests = await scope.find("experiments", {**where, "funnel_id": funnel_id})
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(tests, key=lambda test: (test["started_at"] or never, test["_id"]), reverse=True)
