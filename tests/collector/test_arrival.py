"""A client's times are corrected by the collector's clock."""

from datetime import UTC, datetime

import pytest

from daybook.collector.arrival import WrongTime, arrival

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
        ("2026-11-20T09:00:00.1Z", "2026-11-20T10:00:00.123456Z", "2026-11-20T09:00:00.099Z"),
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
        ("0001-01-01T00:00:00+23:59", "9999-12-31T00:00:00Z", "occurred_at"),
    ],
)
def test_the_error_names_the_field_that_is_not_a_time(
    occurred_at: object, sent_at: object, field: str
) -> None:
    with pytest.raises(WrongTime) as caught:
        NOW.occurred(occurred_at, sent_at)
    assert caught.value.field == field
