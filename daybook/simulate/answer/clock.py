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


def when(occurred_at: str, zone: ZoneInfo) -> When:
    """The time of an event from its `occurred_at`; `zone` is the fleet's."""
    moment = datetime.fromisoformat(occurred_at)
    local = moment.astimezone(zone)
    return When((moment - _EPOCH) // _MILLISECOND, f"{local:%Y-%m-%d}", f"{local:%H}")
