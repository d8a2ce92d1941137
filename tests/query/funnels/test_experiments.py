"""When an experiment has a winner, and when it has none."""

import pytest

from daybook.query.figures.money import ANY
from daybook.query.funnels.experiments.body import Experiment
from daybook.query.funnels.experiments.report import experiment, experiments_report
from daybook.query.funnels.experiments.winner import Evaluation
from tests.query.funnels.build import UTC_ZONE, span, trial, variant_day

BY_RATE = Evaluation()
Numbers = tuple[int, int]
"""Visitors and converting visitors."""


def report(
    control: Numbers,
    *others: Numbers,
    evaluation: Evaluation = BY_RATE,
    multiple: int = 0,
    status: str = "completed",
) -> Experiment:
    names = ["control", *(f"variant-{at}" for at in range(1, len(others) + 1))]
    days = [
        variant_day(name, *numbers, multiple_exposures=multiple)
        for name, numbers in zip(names, (control, *others), strict=True)
    ]
    return experiment(trial(*names, status=status), days, UTC_ZONE, evaluation)


def winner(found: Experiment) -> str | None:
    return found.winner.variant_id if found.winner else None


@pytest.mark.parametrize(
    ("control", "others", "expected"),
    [
        ((1_000, 100), [(1_000, 160)], "variant-1"),
        ((1_000, 100), [(1_000, 160), (1_000, 200)], "variant-2"),
        ((1_000, 160), [(1_000, 100)], "control"),
        ((1_000, 160), [(1_000, 100), (1_000, 150)], None),
        ((1_000, 100), [(1_000, 110)], None),
        ((1_000, 0), [(1_000, 0)], None),
    ],
)
def test_a_winner_differs_significantly_from_the_control(
    control: Numbers, others: list[Numbers], expected: str | None
) -> None:
    assert winner(report(control, *others)) == expected


@pytest.mark.parametrize(
    ("control", "other", "multiple", "gate"),
    [
        ((149, 10), (150, 60), 0, "visitors"),
        ((1_000, 7), (1_000, 60), 0, "conversions"),
        ((1_000, 100), (1_300, 300), 0, "sample_ratio"),
        ((1_000, 100), (1_000, 300), 11, "multiple_exposures"),
    ],
)
def test_a_failed_check_prevents_a_winner(
    control: Numbers, other: Numbers, multiple: int, gate: str
) -> None:
    found = report(control, other, multiple=multiple)
    assert [each.gate for each in found.gates if not each.passed] == [gate]
    assert found.variants[1].confidence is not None
    assert found.variants[1].confidence > 0.95
    assert found.winner is None


def test_without_one_control_nothing_is_compared() -> None:
    test = trial("one", "two")
    test["variants"][0]["is_control"] = False
    days = [variant_day("one", 1_000, 100), variant_day("two", 1_000, 200)]
    found = experiment(test, days, UTC_ZONE, Evaluation())
    assert [each.gate for each in found.gates if not each.passed] == ["one_control"]
    assert [each.confidence for each in found.variants] == [None, None]


def test_confidence_is_1_minus_p_of_the_absolute_difference() -> None:
    # Of means: 13.9687 over 3,407 and 24.227 over 3,461 visitors; p 0.02016.
    days = [
        variant_day("control", 3_407, 100, 139_687, 523_779_767),
        variant_day("variant", 3_461, 100, 242_270, 1_346_982_900),
    ]
    found = experiment(
        trial("control", "variant"), days, UTC_ZONE, Evaluation("revenue_per_visitor")
    )
    control, variant = found.variants
    assert control.confidence is None
    assert control.improvement_vs_control is None
    assert variant.confidence == pytest.approx(1 - 0.02016, abs=5e-6)
    assert variant.by_revenue_per_visitor is not None
    assert variant.by_revenue_per_visitor.lower == pytest.approx(4.538, abs=5e-4)
    assert variant.improvement_vs_control == pytest.approx(0.70726, abs=5e-4)
    assert winner(found) == "variant"


@pytest.mark.parametrize(
    ("status", "asked", "used"),
    [
        ("running", None, True),
        ("completed", None, False),
        ("stopped", None, False),
        ("running", False, False),
        ("completed", True, True),
    ],
)
def test_a_running_test_is_judged_sequentially_unless_the_caller_says_otherwise(
    status: str, asked: bool | None, used: bool
) -> None:
    found = report(
        (1_000, 100), (1_000, 130), status=status, evaluation=Evaluation(sequential=asked)
    )
    assert found.sequential is used
    # Enough for one look, and too little for many.
    assert winner(found) == (None if used else "variant-1")


def test_the_reason_names_the_test() -> None:
    once = report((1_000, 100), (1_000, 160)).winner
    always = report((1_000, 100), (1_000, 200), status="running").winner
    several = report((1_000, 100), (1_000, 160), (1_000, 100)).winner
    assert once and "Welch, two-sided)" in once.reason
    assert always and "sequential)" in always.reason
    assert several and "Welch, two-sided, Holm's correction)" in several.reason


def test_several_variants_are_corrected_by_holm() -> None:
    one = report((1_000, 100), (1_000, 130))
    assert one.correction is None
    several = report((1_000, 100), (1_000, 130), (1_000, 100), (1_000, 90))
    assert several.correction == "holm"
    alone, corrected = one.variants[1], several.variants[1]
    assert alone.by_conversion_rate is not None
    assert corrected.by_conversion_rate is not None
    assert alone.by_conversion_rate.corrected_p == alone.by_conversion_rate.p
    assert corrected.by_conversion_rate.p == alone.by_conversion_rate.p
    assert corrected.by_conversion_rate.corrected_p == 3 * alone.by_conversion_rate.p
    assert corrected.confidence == 1 - corrected.by_conversion_rate.corrected_p
    assert winner(one) == "variant-1"
    assert winner(several) is None


def test_a_variant_without_data_is_one_of_the_comparisons() -> None:
    found = report((1_000, 100), (1_000, 130), (0, 0))
    effect = found.variants[1].by_conversion_rate
    assert effect is not None
    assert effect.corrected_p == 2 * effect.p
    assert found.variants[2].by_conversion_rate is None


class TestSplitOfZero:
    SPLIT = (0.5, 0.5, 0.0)

    def found(self, *numbers: Numbers) -> Experiment:
        names = ["control", "variant", "parked"]
        days = [variant_day(name, *n) for name, n in zip(names, numbers, strict=False)]
        return experiment(trial(*names, split=self.SPLIT), days, UTC_ZONE, BY_RATE)

    def test_it_shuts_no_gate_and_is_not_compared(self) -> None:
        found = self.found((1_000, 100), (1_000, 160))
        assert all(gate.passed for gate in found.gates)
        assert winner(found) == "variant"
        assert found.correction is None
        assert found.variants[2].traffic_split == 0
        assert found.variants[2].confidence is None

    def test_it_does_not_keep_the_control_from_winning(self) -> None:
        assert winner(self.found((1_000, 160), (1_000, 100))) == "control"

    def test_a_visitor_in_it_fails_the_sample_ratio(self) -> None:
        found = self.found((1_000, 100), (1_000, 160), (1, 0))
        [failed] = [gate for gate in found.gates if not gate.passed]
        assert (failed.gate, failed.value) == ("sample_ratio", 0)
        assert found.winner is None

    def test_alone_with_the_control_it_leaves_nothing_to_test(self) -> None:
        test = trial("control", "parked", split=(1.0, 0.0))
        found = experiment(test, [variant_day("control", 1_000, 100)], UTC_ZONE, BY_RATE)
        assert [gate.gate for gate in found.gates if not gate.passed] == ["sample_ratio"]


def test_whole_percent_are_shown_as_fractions() -> None:
    test = trial("control", "small", "large", split=(20, 1, 79))
    days = [
        variant_day("control", 2_000, 200),
        variant_day("small", 100, 10),
        variant_day("large", 7_900, 790),
    ]
    found = experiment(test, days, UTC_ZONE, BY_RATE)
    assert [each.traffic_split for each in found.variants] == [0.2, 0.01, 0.79]
    assert [gate.value for gate in found.gates if gate.gate == "sample_ratio"] == [1]


def test_an_undefined_variant_is_listed_but_cannot_win() -> None:
    days = [
        variant_day("control", 1_000, 100),
        variant_day("variant", 1_000, 110),
        variant_day("stranger", 1_000, 500),
    ]
    found = experiment(trial("control", "variant"), days, UTC_ZONE, Evaluation())
    assert [each.variant_id for each in found.variants] == ["control", "variant", "stranger"]
    assert found.variants[2].confidence is None
    assert found.winner is None


def test_a_comparison_names_each_variant_by_test_and_variant() -> None:
    now = [variant_day("control", 100, 10, 700), variant_day("new", 100, 20, 900)]
    before = [variant_day("control", 50, 5, 350), variant_day("gone", 9, 9)]
    test = trial("control", "new")
    found = experiments_report(
        span("2026-01-05", "2026-01-06"), [test], "orders", now, BY_RATE, ANY, before
    )
    assert found.previous is not None
    assert found.change is not None
    assert found.basis == "orders"
    assert found.previous.keys() == {"period", "t control", "t new"}
    assert found.previous["period"] == {"start": "2026-01-03", "end": "2026-01-04"}
    assert found.previous["t control"]["revenue_cents"] == 350
    assert found.change["t control.visitors"].model_dump() == {"absolute": 50, "relative": 1.0}
    assert found.change["t new.conversion_rate"].relative is None
    assert found.previous["t new"]["visitors"] == 0


def test_amounts_of_several_currencies_are_not_added() -> None:
    dollars = variant_day("control", 10, 1)
    dollars["currencies"] = {"USD": {"value_cents": 5, "value_cents_squared": None}}
    days = [variant_day("control", 10, 1, 7, 49), dollars]
    found = experiment(trial("control"), days, UTC_ZONE, Evaluation())
    assert found.currency == "EUR"
    assert found.variants[0].revenue_cents == 7
    assert found.by_currency == {"USD": {"control": 5}}
