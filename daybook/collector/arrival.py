"""Converts the times of clients, whose clocks may be wrong, to the collector's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from daybook.engine.moment import parse_moment
from schemas.envelope import moment_text

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_CACHED_MAX, _CACHED_CHARS_MAX = 1_024, 64
WRONG_TIME = "must be a time with its offset, such as 2026-11-20T10:00:00.123Z"
TOO_EARLY = "must not be before 1990"


class WrongTime(ValueError):
    """The field `field` is not a time, or is before 1990."""

    def __init__(self, field: str, message: str = WRONG_TIME) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a call arrived, by the collector's clock; `text` is `at` as events have it."""

    at: datetime
    text: str

    def occurred(self, occurred_at: Any, sent_at: Any) -> str:
        """When an event happened, by the collector's clock; the time of arrival by default.

        A client's clock may be off by years, but by the same amount in both of its times. So
        `occurred_at` is shifted by the difference between arrival and `sent_at`, and limited to
        the time of arrival. Without `sent_at` the clock's error is unknown, and the time of
        arrival is used. Raises WrongTime.
        """
        occurred = _parse("occurred_at", occurred_at)
        sent = _parse("sent_at", sent_at)
        if occurred is None or sent is None:
            return self.text
        try:
            corrected = occurred + (self.at - sent)
        except OverflowError:
            raise WrongTime("occurred_at") from None
        if corrected < _EARLIEST:
            raise WrongTime("occurred_at", TOO_EARLY)
        return moment_text(min(corrected, self.at))


def arrival(now: datetime) -> Arrival:
    """The arrival at `now`, cut to milliseconds."""
    milliseconds = timedelta(milliseconds=now.microsecond // 1_000)
    at = now.astimezone(UTC).replace(microsecond=0) + milliseconds
    return Arrival(at, moment_text(at))


def _parse(field: str, value: Any) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise WrongTime(field)
    try:
        return (_cached_moment if len(value) <= _CACHED_CHARS_MAX else parse_moment)(value)
    except ValueError:
        raise WrongTime(field) from None


@lru_cache(_CACHED_MAX)
def _cached_moment(text: str) -> datetime:
    """Cached, because the events of a batch share their `sent_at`.

    A wrong clock may show 1970, in both of the client's times, so any year is read.
    """
    return parse_moment(text)
