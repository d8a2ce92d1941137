"""A time of the log, as documents have it."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_at(at: int) -> datetime:
    """The time so many milliseconds after the beginning of 1970, in UTC."""
    return _EPOCH + timedelta(milliseconds=at)
