"""The days of a zone, as a table that SQL can join: each with a number and its first moment."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from daybook.recount.replay.zone import offsets

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)


def days(zone: str, first: date, last: date) -> Iterator[tuple[int, int]]:
    """The number of each day since 1970, and its first moment in milliseconds since 1970."""
    known = [(since.replace(tzinfo=UTC), timedelta(seconds=s)) for since, s in offsets(zone)]
    day = first
    while day <= last:
        midnight = datetime.combine(day, time.min, UTC)
        yield (midnight - _EPOCH).days, (_first_moment(midnight, known) - _EPOCH) // _MILLISECOND
        day += _DAY


def _first_moment(midnight: datetime, offsets: list[tuple[datetime, timedelta]]) -> datetime:
    """The first moment whose local time is midnight or later: where the clocks jump over midnight,
    that moment. `midnight` is the local time, written as if it were UTC."""
    for number, (since, offset) in enumerate(offsets):
        moment = max(midnight - offset, since)
        if number + 1 == len(offsets) or moment < offsets[number + 1][0]:
            return moment
    raise AssertionError
