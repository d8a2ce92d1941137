"""Where visitors came from, how long they stayed, and where they went."""

import pytest

from daybook.simulate.answer.steps import bucket
from tests.simulate.short_logs import Log


def test_an_entry_is_left_by_the_next_entry_or_by_its_own_exit() -> None:
    log = Log().enter("A", 0).leave("B", 2, "close").leave("A", 5.9, "forward").enter("B", 7)
    left = log.step("A")
    assert (left["time_spent_count"], left["time_spent_seconds"]) == (1, 5)
    assert left["time_histogram"] == {str(bucket(5_900)): 1}
    assert log.step("B")["time_spent_count"] == 0


def test_the_sessions_own_steps_take_precedence_over_an_entrys_claim() -> None:
    log = Log().enter("A", 0, previous_step_id="ad").enter("B", 1, previous_step_id="C")
    assert log.step("A")["entry_paths"] == {"ad": 1}
    assert log.step("B")["entry_paths"] == {"A": 1}


def test_an_entry_without_a_previous_step_is_direct_and_a_step_of_that_name_is_encoded() -> None:
    log = Log().enter("direct", 0).enter("B", 1)
    assert log.step("direct")["entry_paths"] == {"direct": 1}
    assert log.step("B")["entry_paths"] == {"%64irect": 1}


@pytest.mark.parametrize(
    ("outcome", "claimed", "entered", "path"),
    [
        ("forward", "C", "B", "B"),
        ("forward", "C", None, "C"),
        ("forward", None, None, "exit"),
        ("backward", None, "exit", "%65xit"),
        ("bounce", None, "B", "exit"),
        ("close", None, "B", "exit"),
    ],
)
def test_an_exit_counts_the_step_that_follows(
    outcome: str, claimed: str | None, entered: str | None, path: str
) -> None:
    log = Log().enter("A", 0).leave("A", 1, outcome, next_step_id=claimed, reason="price")
    if entered:
        log.enter(entered, 2)
    step = log.step("A")
    assert step["exit_paths"] == {path: 1}
    assert step["exits_by_outcome"] == {outcome: 1}
    assert step["reasons_by_outcome"] == {outcome: {"price": 1}}
    assert step["drop_offs"] == (outcome == "bounce")


@pytest.mark.parametrize(
    ("log", "step"),
    [
        pytest.param(Log().enter("A", 0).convert(1, step_id="C"), "C", id="its own"),
        pytest.param(Log().enter("A", 0).enter("B", 1).convert(2), "B", id="entered last"),
        pytest.param(Log().convert(1).enter("A", 2), "unattributed", id="none before"),
        pytest.param(Log().enter("A", 2).convert(3).enter("B", 1), "A", id="a late entry before"),
    ],
)
def test_a_conversion_counts_at_its_own_step_or_the_last_one_entered(log: Log, step: str) -> None:
    found = log.step(step)
    assert (found["conversions"], found["converting_visitors"]) == (1, 1)


def test_visitors_counts_sessions_and_unique_visitors_counts_people() -> None:
    log = Log().enter("A", 0, context={"source": "x"}).enter("A", 1)
    log.session = "t"
    step = log.enter("A", 2, context={"source": "y"}).step("A")
    counted = (step["entries"], step["visitors"], step["unique_visitors"], step["sources"])
    assert counted == (3, 2, 1, {"x": 1})
