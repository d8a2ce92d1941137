"""A client's times are corrected by the collector's clock."""

from datetime import UTC, datetime

import pytest

from daybook.collector.arrival import WrongTime, _cached_moment, arrival
from tests.support.times import OTHER_TEXTS, SAME_TIMES

NOW = arrival(datetime(2026, 11, 20, 10, 0, 0, 123_456, tzinfo=UTC))


@pytest.mark.parametrize(
    ("occurred_at", "sent_at", "corrected"),
    [
        (None, None, "2026-11-20T10:00:00.123Z"),
        ("2026-11-20T09:00:00Z", None, "2026-11-20T10:00:00.123Z"),
        (None, "2026-11-20T09:00:00Z", "2026-11-20T10:00:00.123Z"),
        ("2026-11-20T09:00:00Z", "2026-11-20T10:00:00.123Z", "2026-11-20T09:00:00.000Z"),
        # clocks that are off: an hour fast, decades slow, in another zone
        ("2026-11-20T10:59:58Z", "2026-11-20T11:00:00Z", "2026-11-20T09:59:58.123Z"),
        ("1970-01-01T00:00:05Z", "1970-01-01T00:00:15Z", "2026-11-20T09:59:50.123Z"),
        ("2026-11-20T11:59:50+02:00", "2026-11-20T12:00:00+02:00", "2026-11-20T09:59:50.123Z"),
        # later than its arrival: limited to the time of arrival
        ("2099-01-01T00:00:00Z", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00.123Z"),
        ("2026-11-20T09:00:00.1Z", "2026-11-20T10:00:00.123456Z", "2026-11-20T09:00:00.100Z"),
    ],
)
def test_the_clients_clock_is_corrected(
    occurred_at: str | None, sent_at: str | None, corrected: str
) -> None:
    assert NOW.occurred(occurred_at, sent_at) == corrected


@pytest.mark.parametrize(
    ("occurred_at", "sent_at", "field"),
    [
        ("yesterday", None, "occurred_at"),
        (1_700_000_000, None, "occurred_at"),
        ("2026-11-20T10:00:00", None, "occurred_at"),
        ("2026-06-31T10:00:00Z", None, "occurred_at"),
        ("2026-11-20T10:00:00Z\n", None, "occurred_at"),
        ("2026-11-20T10:00:00Z", "soon", "sent_at"),
        (None, True, "sent_at"),
        ("1980-01-01T00:00:00Z", "2026-11-20T10:00:00Z", "occurred_at"),
        ("2026-11-20T10:00:00+14:01", None, "occurred_at"),
        ("9999-12-31T23:59:60Z", None, "occurred_at"),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T00:00:00Z", "occurred_at"),
    ],
)
def test_the_error_names_the_field_that_is_not_a_time(
    occurred_at: object, sent_at: object, field: str
) -> None:
    with pytest.raises(WrongTime) as caught:
        NOW.occurred(occurred_at, sent_at)
    assert caught.value.field == field


@pytest.mark.parametrize(("text", "at"), SAME_TIMES)
def test_a_time_in_any_form_is_read(text: str, at: str) -> None:
    assert NOW.occurred(text, NOW.text) == min(at, NOW.text)
    assert NOW.occurred(NOW.text, text) == NOW.occurred(NOW.text, at)


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_no_other_text_is_read(text: str) -> None:
    with pytest.raises(WrongTime):
        NOW.occurred(text, None)


def test_a_time_with_a_million_digits_is_read_and_not_kept() -> None:
    text, kept = f"2026-11-20T09:00:00.{'1' * 10**6}Z", _cached_moment.cache_info().currsize
    assert NOW.occurred(text, text) == NOW.text
    assert _cached_moment.cache_info().currsize == kept
