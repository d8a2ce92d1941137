"""When a call arrived, and what that makes of its client's times."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, get_args

from schemas.envelope import moment_text
from schemas.fields import Moment

_FORM = re.compile(get_args(Moment)[1].pattern)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_REMEMBERED, _CHARS_MAX = 1_024, 64
WRONG_TIME = "must be a time with its offset, such as 2026-11-20T10:00:00.123Z"
TOO_EARLY = "must not be before 1990"


class WrongTime(ValueError):
    """A field that is no time; `field` names it."""

    def __init__(self, field: str, message: str = WRONG_TIME) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Arrival:
    """`at` is by the collector's clock, which is the one that is believed; `text` says the same."""

    at: datetime
    text: str

    def occurred(self, occurred_at: Any, sent_at: Any) -> str:
        """When an event happened, by the collector's clock: at arrival, unless the client says.

        A client's clock may be off by years, but by the same amount in both of its times: what
        it says is moved by arrival less `sent_at`. Nothing happens after it has arrived. Without
        `sent_at` there is nothing to measure its clock by, and arrival counts. Raises WrongTime.
        """
        occurred = _read("occurred_at", occurred_at)
        sent = _read("sent_at", sent_at)
        if occurred is None or sent is None:
            return self.text
        try:
            moved = occurred + (self.at - sent)
        except OverflowError:
            raise WrongTime("occurred_at") from None
        if moved < _EARLIEST:
            raise WrongTime("occurred_at", TOO_EARLY)
        return moment_text(min(moved, self.at))


def arrival(now: datetime) -> Arrival:
    """To the millisecond."""
    whole = timedelta(milliseconds=now.microsecond // 1_000)
    at = now.astimezone(UTC).replace(microsecond=0) + whole
    return Arrival(at, moment_text(at))


def _read(field: str, value: Any) -> datetime | None:
    if value is None:
        return None
    is_short = isinstance(value, str) and len(value) <= _CHARS_MAX
    moment = _moment(value) if is_short else None
    if moment is None:
        raise WrongTime(field)
    return moment


@lru_cache(_REMEMBERED)
def _moment(text: str) -> datetime | None:
    """Remembered, since the events of a batch share their `sent_at`."""
    if not _FORM.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
