"""An attack holds only if memory, answers and latencies stayed within their bounds."""

from dataclasses import replace

from attack.bounds import LATENCY_MS_MAX, MEMORY_MIB_MAX, QUIET_FACTOR_MAX
from attack.outcome import (
    Outcome,
    latency_bound_ms,
    latency_failures,
    memory_failures,
    slowed,
)
from attack.report import failure_lines, row, summary
from attack.samples import Sample, Samples

QUIET = Samples([Sample("tracking", 0.0, 4.0, 202), Sample("reports", 0.0, 30.0, 200)])
HELD = Outcome("part", "one", "3 × 202", 1.0, [], {"tracking": 9.4}, 7, 7, {"query": 100.0})
LOST = Outcome("part", "two", "", 1.0, ["it ended", "it lags"], {}, 6, 7, {})


def during(ms: float, status: int = 202) -> Samples:
    return Samples([Sample("tracking", 1.0, ms, status)] * 100)


def test_quick_and_right_answers_are_no_failure() -> None:
    assert (
        latency_failures(("tracking", "reports"), during(LATENCY_MS_MAX["tracking"]), QUIET) == []
    )


def test_a_p99_above_its_bound_is_a_failure() -> None:
    (failure,) = latency_failures(("tracking",), during(LATENCY_MS_MAX["tracking"] + 1), QUIET)
    assert failure == "others' tracking: p99 101 ms, more than 100"


def test_one_slow_call_in_a_hundred_is_none() -> None:
    calls = [Sample("tracking", 1.0, 5.0, 202)] * 99 + [Sample("tracking", 1.0, 5_000.0, 202)]
    assert latency_failures(("tracking",), Samples(calls), QUIET) == []


def test_an_attack_may_be_judged_by_another_percentile() -> None:
    calls = [Sample("tracking", 1.0, 5.0, 202)] * 90 + [Sample("tracking", 1.0, 5_000.0, 202)] * 10
    assert latency_failures(("tracking",), Samples(calls), QUIET, percent=50) == []
    assert latency_failures(("tracking",), Samples(calls), QUIET, percent=95) == [
        "others' tracking: p95 5,000 ms, more than 100"
    ]


def test_any_refused_call_of_others_is_a_failure() -> None:
    (failure,) = latency_failures(("tracking",), during(5.0, 503), QUIET)
    assert failure == "others' tracking: 100 of 100 calls: 100 × 503"


def test_only_what_the_attack_is_judged_by_counts() -> None:
    assert latency_failures((), during(60_000.0, 0), QUIET) == []


def test_a_machine_that_is_slow_without_an_attack_is_measured_by_itself() -> None:
    busy = Samples([Sample("reports", 0.0, 1_000.0, 200)])
    assert latency_bound_ms("reports", busy) == 1_000.0 * QUIET_FACTOR_MAX
    assert latency_bound_ms("reports", QUIET) == LATENCY_MS_MAX["reports"]


def test_memory_above_the_bound_of_its_kind_is_a_failure() -> None:
    kinds = {"revenue": "member", "query": "query"}
    within = {"revenue": MEMORY_MIB_MAX["member"], "query": 1.0}
    assert memory_failures(within, kinds) == []
    (failure,) = memory_failures(within | {"query": MEMORY_MIB_MAX["query"] + 1}, kinds)
    assert failure.startswith("query took 701 MiB")


def test_a_row_shows_what_was_sent_and_how_others_fared() -> None:
    assert row(HELD) == (
        "part: one", "3 × 202", "held", "9 ms", "-", "-", "7 of 7", "query 100 MiB",
    )  # fmt: skip
    assert row(LOST)[2] == "DID NOT HOLD"


def test_a_row_shows_how_much_slower_others_became() -> None:
    slower = slowed(during(6.0), QUIET)
    assert slower == {"tracking": 1.5}
    assert row(replace(HELD, slowed=slower))[5] == "×1.5"


def test_each_promise_that_did_not_hold_has_its_line() -> None:
    assert failure_lines([HELD, LOST]) == [
        "did not hold: part: two: it ended",
        "did not hold: part: two: it lags",
    ]
    assert summary([HELD]) == "1 attack, and every promise held"
    assert summary([HELD, LOST]) == "1 of 2 attacks held; 1 did not"


def test_an_outcome_says_in_json_whether_it_held() -> None:
    assert HELD.as_json()["held"] is True
    assert LOST.as_json()["failures"] == ["it ended", "it lags"]
