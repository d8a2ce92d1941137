"""Drop-offs: severity, reasons and suggestions."""

from typing import Any

import pytest

from daybook.query.funnels.dropoffs.reasons import reasons
from daybook.query.funnels.dropoffs.report import DropOffFacts, drop_offs_report
from daybook.query.funnels.dropoffs.severity import Flow, Level, Severity, graver, severity
from daybook.query.funnels.dropoffs.suggestions import Evidence, suggestions
from daybook.query.funnels.progress import Progress
from tests.query.funnels.build import day, funnel, span, step_day

DAY = "2026-01-05"
NOTHING = Flow(0, 0)


@pytest.mark.parametrize(
    ("now", "past", "level", "rules"),
    [
        (Flow(600, 1_000), NOTHING, "high", ["rate_high"]),
        (Flow(300, 1_000), NOTHING, "medium", ["rate_medium"]),
        (Flow(100, 1_000), NOTHING, "low", ["rate_low"]),
        # All three of three: the lower bound is 0.44, so the severity is not high.
        (Flow(3, 3), NOTHING, "medium", ["rate_medium"]),
        (Flow(1, 1), NOTHING, "low", ["rate_low"]),
        (Flow(150, 1_000), Flow(100, 1_000), "medium", ["rate_low", "worse_than_before"]),
        (Flow(110, 1_000), Flow(100, 1_000), "low", ["rate_low"]),
        (Flow(300, 1_000), Flow(100, 1_000), "high", ["rate_medium", "worse_than_before"]),
        (Flow(700, 1_000), Flow(100, 1_000), "high", ["rate_high", "worse_than_before"]),
        (Flow(100, 1_000), Flow(500, 1_000), "low", ["rate_low"]),
        (Flow(5, 0), NOTHING, "high", ["rate_high"]),
        (NOTHING, NOTHING, "low", ["rate_low"]),
    ],
)
def test_severity_follows_from_the_rate_and_its_change(
    now: Flow, past: Flow, level: str, rules: list[str]
) -> None:
    assert severity(now, past) == (level, tuple(rules))


def test_reasons_have_counts_and_odds_ratios() -> None:
    days = [
        day(
            DAY,
            exits_by_outcome={"bounce": 10, "forward": 10},
            reasons_by_outcome={
                "bounce": {"price": 4, "%6Fther": 2, "other": 1},
                "forward": {"price": 0, "%6Fther": 3},
            },
        )
    ]
    found, beyond = reasons(days)
    assert [(each.reason, each.count) for each in found] == [("price", 4), ("other", 2)]
    price, other = found
    # (4 + 1) / (0 + 1) over (6 + 1) / (10 + 1).
    assert price.odds_ratio == pytest.approx(5 * 11 / 7)
    assert other.odds_ratio == pytest.approx(3 / 4 / (9 / 8))
    assert (beyond.count, beyond.unknown) == (1, 3)
    shares = price.percentage + other.percentage + beyond.percentage
    assert shares == pytest.approx(100)


def suggested_rules(
    now: Flow, past: Flow = NOTHING, *, first: bool = False, **values: Any
) -> list[str]:
    days = [step_day(DAY, "a", **values)]
    named, _ = reasons(days)
    judged = severity(now, past)
    found = suggestions(Evidence(days, now.whole, "bounces", now, past, judged, named, first))
    assert all(each.text.endswith(".") for each in found)
    return [each.rule for each in found]


TIMES = {"quick": {"1": 40}, "slow": {"190": 30, "300": 10}, "few": {"1": 3}}
"""Histograms of durations: quick 1 ms; slow about 15 seconds and 20 minutes."""


@pytest.mark.parametrize(
    ("now", "past", "values", "rules"),
    [
        (Flow(29, 29), NOTHING, {"time_histogram": TIMES["quick"]}, ["too_few_entries"]),
        (Flow(30, 100), NOTHING, {}, []),
        (Flow(60, 100), NOTHING, {"time_histogram": TIMES["quick"]}, ["quick_exit"]),
        (Flow(60, 100), NOTHING, {"time_histogram": TIMES["few"]}, []),
        (Flow(1, 100), NOTHING, {"time_histogram": TIMES["quick"]}, []),
        (Flow(1, 100), NOTHING, {"time_histogram": TIMES["slow"]}, ["long_stay"]),
        (Flow(60, 100), Flow(10, 100), {}, ["worse_than_before"]),
        (
            Flow(1, 100),
            NOTHING,
            {"exits_by_outcome": {"backward": 40, "forward": 60}},
            ["going_back"],
        ),
        (Flow(1, 100), NOTHING, {"exits_by_outcome": {"backward": 1, "forward": 3}}, []),
        (Flow(1, 100), NOTHING, {"entry_paths": {"direct": 50, "a": 50}}, ["direct_entries"]),
        (Flow(1, 100), NOTHING, {"entry_paths": {"direct": 1, "a": 1}}, []),
        (
            Flow(30, 100),
            NOTHING,
            {
                "exits_by_outcome": {"bounce": 30, "forward": 70},
                "reasons_by_outcome": {"bounce": {"price": 20}, "forward": {"price": 2}},
            },
            ["telling_reason"],
        ),
        (
            Flow(30, 100),
            NOTHING,
            {
                "exits_by_outcome": {"bounce": 30, "forward": 70},
                "reasons_by_outcome": {"bounce": {"price": 20}, "forward": {"price": 60}},
            },
            [],
        ),
    ],
)
def test_each_suggestion_follows_from_the_data(
    now: Flow, past: Flow, values: dict[str, Any], rules: list[str]
) -> None:
    assert suggested_rules(now, past, **values) == rules


def test_direct_entries_of_the_first_step_cause_no_suggestion() -> None:
    assert suggested_rules(Flow(1, 100), first=True, entry_paths={"direct": 100}) == []


@pytest.mark.parametrize(("entries", "text"), [(1, "Only 1 entry: "), (2, "Only 2 entries: ")])
def test_the_suggestion_to_wait_names_the_number_of_entries(entries: int, text: str) -> None:
    now = Flow(1, entries)
    judged = severity(now, NOTHING)
    [found] = suggestions(Evidence([], entries, "bounces", now, NOTHING, judged, [], False))
    assert found.text.startswith(text)


def test_the_cumulative_rate_is_a_share_of_attempts() -> None:
    facts = DropOffFacts(
        [day(DAY, attempts=10, completions=2)],
        [
            step_day(DAY, "a", entries=12, drop_offs=3, reached=10),
            step_day(DAY, "b", entries=5, drop_offs=4, reached=4),
            step_day(DAY, "unattributed", conversions=3),
        ],
    )
    found = drop_offs_report(funnel("a", "b", "c"), span(DAY, DAY), facts, DropOffFacts([], []))
    assert found.overall_drop_off_rate == 0.8
    rates = [(each.step_id, each.cumulative_drop_off_rate) for each in found.drop_off_funnel]
    assert rates == [("a", 0.0), ("b", 0.6), ("c", 1.0)]
    assert [each.step_id for each in found.steps_with_drop_off] == ["b", "a"]


def test_attempts_that_do_not_go_on_are_a_loss_though_nobody_bounced() -> None:
    # 105 enter, 100 reach the second step and none the third.
    facts = DropOffFacts(
        [day(DAY, attempts=105)],
        [
            step_day(DAY, "a", entries=105, reached=105, exits_by_outcome={"close": 2}),
            step_day(DAY, "b", entries=100, reached=100),
        ],
        {"a": Progress(105, 100), "b": Progress(100, 0)},
    )
    found = drop_offs_report(funnel("a", "b", "c"), span(DAY, DAY), facts, DropOffFacts([], []))
    worst, other = found.steps_with_drop_off
    assert (worst.step_id, worst.severity, worst.severity_by) == ("b", "high", "progression")
    assert (worst.lost, worst.loss_rate, worst.drop_offs) == (100, 1.0, 0)
    assert (other.step_id, other.lost, other.severity, other.closes) == ("a", 5, "low", 2)
    rows = [(each.step_id, each.lost, each.pass_through_rate) for each in found.drop_off_funnel]
    assert rows == [("a", 5, 100 / 105), ("b", 100, 0.0), ("c", None, None)]


def test_a_step_only_seen_in_traffic_is_no_step_of_the_funnel() -> None:
    facts = DropOffFacts([], [step_day(DAY, "a", reached=1), step_day(DAY, "seen", entries=9)])
    found = drop_offs_report(funnel("a"), span(DAY, DAY), facts, DropOffFacts([], []))
    assert [each.step_id for each in found.drop_off_funnel] == ["a"]


@pytest.mark.parametrize(
    ("bounces", "progression", "by"),
    [("low", "high", "progression"), ("high", "medium", "bounces"), ("low", "low", "bounces")],
)
def test_the_graver_loss_gives_the_severity(bounces: Level, progression: Level, by: str) -> None:
    judged = graver(Severity(bounces, ()), Severity(progression, ()))
    assert judged == (Severity(max(bounces, progression, key=RANKS.index), ()), by)


RANKS: list[Level] = ["low", "medium", "high"]


def test_those_who_close_the_page_give_reasons_too() -> None:
    outcomes = {"bounce": 1, "close": 3, "forward": 4}
    by_outcome = {"close": {"price": 3}, "bounce": {"price": 1}}
    found, beyond = reasons([day(DAY, exits_by_outcome=outcomes, reasons_by_outcome=by_outcome)])
    assert [(each.reason, each.count) for each in found] == [("price", 4)]
    assert beyond.unknown == 0
