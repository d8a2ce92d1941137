"""Exposures count while their test runs, and a report covers its life by default."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.query.answer.parameters import RequestedRange
from daybook.query.funnels.experiments.life import span_of, within_lives
from tests.query.funnels.build import day

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 3, 1)


def trial(started: str | None, completed: str | None) -> dict[str, Any]:
    times = {"started_at": started, "completed_at": completed}
    named = {name: text and datetime.fromisoformat(text) for name, text in times.items()}
    return {"test_id": "t", **named}


def requested(first: str | None = None, last: str | None = None) -> RequestedRange:
    return RequestedRange((first, last), ("from", "to"), BERLIN, BERLIN, TODAY)


DAYS = [day(f"2026-01-{number:02}", test_id="t") for number in range(1, 32)]


@pytest.mark.parametrize(
    ("started", "completed", "first", "last"),
    [
        ("2026-01-10T12:00:00Z", "2026-01-12T12:00:00Z", 10, 12),
        ("2026-01-10T12:00:00Z", None, 10, 31),
        (None, "2026-01-12T12:00:00Z", 1, 12),
        (None, None, 1, 31),
        # In Berlin it is the next day already.
        ("2026-01-10T23:30:00Z", "2026-01-12T23:30:00Z", 11, 13),
    ],
)
def test_exposures_before_the_start_or_after_the_end_do_not_count(
    started: str | None, completed: str | None, first: int, last: int
) -> None:
    kept = within_lives([trial(started, completed)], DAYS, BERLIN)
    assert [kept[0]["date"].day, kept[-1]["date"].day] == [first, last]


def test_a_report_covers_the_lives_of_its_tests() -> None:
    tests = [
        trial("2025-11-01T12:00:00Z", "2025-12-01T12:00:00Z"),
        trial("2026-01-10T12:00:00Z", "2026-02-01T12:00:00Z"),
    ]
    span = span_of(requested(), tests)
    assert (span.first, span.last) == (date(2025, 11, 1), date(2026, 2, 1))


def test_a_running_test_lives_until_today() -> None:
    span = span_of(requested(), [trial("2026-02-01T12:00:00Z", None)])
    assert (span.first, span.last) == (date(2026, 2, 1), TODAY)


def test_of_a_long_life_the_last_year_is_covered() -> None:
    span = span_of(requested(), [trial("2020-01-01T00:00:00Z", None)])
    assert (span.days, span.last) == (366, TODAY)


def test_without_tests_and_with_tests_of_the_future_the_range_is_today() -> None:
    for tests in ([], [trial("2030-01-01T00:00:00Z", None)]):
        span = span_of(requested(), tests)
        assert (span.first, span.last) == (TODAY, TODAY)


def test_a_range_that_is_asked_for_wins() -> None:
    span = span_of(requested("2026-01-05", "2026-01-06"), [trial("2026-02-01T12:00:00Z", None)])
    assert (span.first, span.last) == (date(2026, 1, 5), date(2026, 1, 6))
