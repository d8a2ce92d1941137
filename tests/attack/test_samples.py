"""The latencies of a well-behaved caller: percentiles, wrong answers, missing answers."""

import pytest

from attack.samples import UNANSWERED_MS, Sample, Samples, percentile, with_unanswered


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 99, None),
        ([7.0], 50, 7.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        (list(map(float, range(1, 101))), 99, 99.0),
        (list(map(float, range(1, 1_001))), 99, 990.0),
        ([1.0, 1.0, 900.0], 99, 900.0),
    ],
)
def test_a_percentile_is_a_latency_that_was_measured(
    values: list[float], percent: float, expected: float | None
) -> None:
    assert percentile(values, percent) == expected


def test_percentiles_are_of_one_kind_of_call() -> None:
    samples = Samples([Sample("tracking", 1.0, 5.0, 202), Sample("reports", 1.0, 500.0, 200)])
    assert samples.percentile("tracking", 99) == 5.0
    assert samples.percentile("reports", 99) == 500.0


def test_answers_other_than_the_right_one_are_counted_by_status() -> None:
    calls = [Sample("tracking", 1.0, 5.0, status) for status in (202, 503, 503, 429, 0, 200)]
    assert Samples(calls).wrong("tracking") == {503: 2, 429: 1, 0: 1, 200: 1}
    assert Samples(calls).wrong("reports") == {}


def test_a_call_that_never_got_an_answer_counts_as_late_and_wrong() -> None:
    answered = [Sample("tracking", 1.0, 5.0, 202)]
    complete = Samples(with_unanswered(answered, {"tracking": 3, "reports": 0}, 9.0))
    assert complete.wrong("tracking") == {0: 2}
    assert complete.percentile("tracking", 99) == UNANSWERED_MS


def test_more_answers_than_expected_are_all_kept() -> None:
    answered = [Sample("reports", 1.0, 5.0, 200)] * 3
    assert with_unanswered(answered, {"tracking": 0, "reports": 2}, 9.0) == answered
