"""Converts the time of an event to the milliseconds, day and hour by which it counts."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class When(NamedTuple):
    """`ms` since 1970, further digits cut off; `day` and `hour` in the fleet's zone."""

    ms: int
    day: str
    hour: str


def _read(text: str) -> datetime:
    """Of any time of RFC 3339, the second 60 of a minute included."""
    text = text.upper()
    clock, offset = (text[:-1], "+00:00") if text.endswith("Z") else (text[:-6], text[-6:])
    seconds, _, fraction = clock.partition(".")
    minute, second = seconds[:16], int(seconds[17:])
    passed = timedelta(seconds=second, milliseconds=int(fraction[:3].ljust(3, "0")))
    return datetime.fromisoformat(minute + offset) + passed


def when(occurred_at: str, zone: ZoneInfo) -> When:
    """The time of an event from its `occurred_at`; `zone` is the fleet's."""
    moment = _read(occurred_at)
    local = moment.astimezone(zone)
    return When((moment - _EPOCH) // _MILLISECOND, f"{local:%Y-%m-%d}", f"{local:%H}")
