"""Attempts, with every order, option, exclusion and window that a definition may set."""

from typing import Any

import pytest

from tests.simulate.short_logs import Log

DAY = 24 * 3600
WINDOW = 14 * DAY
Entries = list[tuple[str, float]]


def walked(entries: Entries, *steps: str, **definition: Any) -> Log:
    log = Log().define(*(steps or "ABC"), **definition)
    for step, at in entries:
        log.enter(step, at)
    return log


@pytest.mark.parametrize(
    ("entries", "reached", "completions"),
    [
        pytest.param([("A", 0), ("B", 10), ("B", 20), ("C", 30)], [1, 1, 1], 1, id="B twice"),
        pytest.param([("A", 0), ("C", 10), ("B", 20)], [1, 1, 0], 0, id="C before B"),
        pytest.param([("A", 0), ("C", 30), ("B", 10)], [1, 1, 1], 1, id="B comes late"),
        pytest.param([("A", 0), ("B", WINDOW)], [1, 1, 0], 0, id="exactly the window"),
        pytest.param([("A", 0), ("B", WINDOW + 0.001)], [1, 0, 0], 0, id="a millisecond later"),
        pytest.param([("A", 0), ("B", WINDOW + 0.0009)], [1, 1, 0], 0, id="microseconds are cut"),
        pytest.param([("A", 0), ("B", 1), ("C", WINDOW + 1)], [1, 1, 0], 0, id="window of step 1"),
        pytest.param([("B", 0), ("C", 1)], [0, 0, 0], 0, id="no step 1, no attempt"),
        pytest.param([("C", 5), ("B", 5), ("A", 5)], [1, 1, 1], 1, id="ties by position"),
        pytest.param([("A", 0), ("x", 1), ("B", 2), ("C", 3)], [1, 1, 1], 1, id="unknown step"),
        pytest.param([("A", 0), ("B", 1), ("A", 2), ("C", 3)], [1, 1, 1], 1, id="A again"),
    ],
)
def test_an_ordered_attempt_reaches_its_steps(
    entries: Entries, reached: list[int], completions: int
) -> None:
    log = walked(entries)
    assert log.reached("A", "B", "C") == reached
    assert log.funnel().get("completions", 0) == completions
    assert log.funnel().get("attempts", 0) == reached[0]


def test_a_late_entry_completes_the_attempt_on_the_day_it_began() -> None:
    log = walked([("A", 0), ("C", 2 * DAY), ("B", DAY)])
    assert log.funnel()["completions"] == 1
    assert log.reached("A", "B", "C", day="2026-03-03") == [0, 0, 0]


def test_a_chain_belongs_to_its_latest_start() -> None:
    log = walked([("A", 0), ("A", DAY), ("B", DAY + 1)])
    assert log.reached("A", "B") == [1, 0]
    assert log.reached("A", "B", day="2026-03-03") == [1, 1]


def test_a_completion_counts_once_per_attempt() -> None:
    log = walked([("A", 0), ("B", 1), ("C", 2), ("A", 3), ("B", 4), ("C", 5)])
    assert log.funnel()["attempts"] == log.funnel()["completions"] == 1


@pytest.mark.parametrize(
    ("entries", "reached", "completions"),
    [
        pytest.param([("A", 0), ("C", 1), ("D", 2)], [1, 0, 1, 1], 1, id="optional passed by"),
        pytest.param([("A", 0), ("B", 1), ("C", 2)], [1, 1, 1, 0], 1, id="the last is optional"),
        pytest.param([("A", 0), ("B", 1), ("D", 2)], [1, 1, 0, 0], 0, id="one that is not"),
    ],
)
def test_optional_steps_may_be_skipped(
    entries: Entries, reached: list[int], completions: int
) -> None:
    log = walked(entries, "A", "B?", "C", "D?")
    assert log.reached("A", "B", "C", "D") == reached
    assert log.funnel()["completions"] == completions


def test_of_several_possible_starts_the_latest_counts() -> None:
    log = walked([("A", 0), ("B", 1), ("A", DAY), ("C", DAY + 1)], "A", "B?", "C")
    assert log.reached("A", "B", "C") == [1, 1, 0]
    assert log.reached("A", "B", "C", day="2026-03-03") == [1, 0, 1]


@pytest.mark.parametrize(
    ("entries", "reached"),
    [
        pytest.param([("A", 0), ("B", 1), ("C", 2)], [1, 1, 1], id="one after the other"),
        pytest.param([("A", 0), ("x", 1), ("B", 2), ("C", 3)], [1, 1, 1], id="unknown step"),
        pytest.param([("A", 0), ("C", 1), ("B", 2), ("C", 3)], [1, 0, 0], id="C between"),
        pytest.param([("A", 0), ("B", 1), ("A", 2), ("C", 3)], [1, 1, 0], id="A between"),
        pytest.param([("A", 0), ("B", 1), ("B", 2), ("C", 3)], [1, 1, 0], id="B a second time"),
    ],
)
def test_a_strict_attempt_allows_no_other_step_in_between(
    entries: Entries, reached: list[int]
) -> None:
    assert walked(entries, order="strict").reached("A", "B", "C") == reached


def test_a_strict_attempt_may_skip_optional_steps() -> None:
    log = walked([("A", 0), ("C", 1)], "A", "B?", "C", order="strict")
    assert log.reached("A", "B", "C") == [1, 0, 1]


@pytest.mark.parametrize(
    ("entries", "reached", "completions"),
    [
        pytest.param([("C", 0), ("A", 1), ("B", 2)], [1, 1, 1], 1, id="backwards"),
        pytest.param([("B", 0), ("C", 61)], [0, 1, 0], 0, id="beyond the window"),
        pytest.param([("B", 0), ("x", 1)], [0, 1, 0], 0, id="an attempt without step 1"),
        pytest.param([("x", 0)], [0, 0, 0], 0, id="no defined step"),
    ],
)
def test_an_attempt_in_any_order_begins_with_any_step(
    entries: Entries, reached: list[int], completions: int
) -> None:
    log = walked(entries, order="any", window_seconds=60)
    assert log.reached("A", "B", "C") == reached
    assert log.funnel().get("attempts", 0) == int(any(reached))
    assert log.funnel().get("completions", 0) == completions


def test_an_excluded_step_clears_every_start() -> None:
    log = walked([("A", 0), ("B", 1), ("help", 2), ("C", 3)], exclusions=["help"])
    assert log.reached("A", "B", "C") == [1, 1, 0]


def test_a_funnel_without_a_definition_has_no_attempts() -> None:
    log = Log().enter("A", 0).enter("B", 1)
    assert log.funnel()["attempts"] == 0
    assert log.step("A")["entries"] == 1


def test_a_day_keeps_the_definition_of_its_first_entry() -> None:
    log = Log().define("A", "B").enter("A", 0).define("A", "C")
    log.enter("B", 10).enter("A", DAY).enter("B", DAY + 1).enter("C", DAY + 2)
    assert log.reached("A", "B", "C") == [1, 1, 0]
    assert log.reached("A", "B", "C", day="2026-03-03") == [1, 0, 1]


def test_a_duplicate_of_an_older_definition_changes_nothing() -> None:
    log = Log().define("A", "B").define("A", "C").again(0)
    log.enter("A", 0).enter("B", 1).enter("C", 2)
    assert log.reached("A", "B", "C") == [1, 0, 1]


def test_a_day_is_pinned_by_the_first_entry_that_has_a_definition_in_force() -> None:
    log = Log().enter("A", 0).define("A", "B").enter("B", 10)
    assert log.reached("A", "B") == [1, 1]


def test_entries_that_were_appended_before_any_definition_have_none() -> None:
    log = Log().enter("A", 0).enter("B", 10).define("A", "B")
    assert log.funnel()["attempts"] == 0
