"""Lists when a time zone's UTC offset changes, as a table that SQL can join."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_FIRST = datetime(1989, 12, 1, tzinfo=UTC)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_STEP = timedelta(hours=12)
_SECOND = timedelta(seconds=1)


def offsets(zone: str) -> Iterator[tuple[datetime, int]]:
    """Each moment (UTC, naive) from which a UTC offset applies, and the offset (seconds), in order.

    They come from Python's zone database, like the fleet's days. DuckDB has a release of its own,
    with other rules for some zones.
    """
    info = ZoneInfo(zone)

    def ahead(moment: datetime) -> timedelta:
        return moment.astimezone(info).utcoffset() or timedelta()

    known = ahead(_FIRST)
    yield _FIRST.replace(tzinfo=None), known // _SECOND
    before = _FIRST
    while before < _LAST:
        after = before + _STEP
        if ahead(after) != known:
            changed = after
            while changed - before > _SECOND:
                middle = before + (changed - before) // 2
                middle = middle.replace(microsecond=0)
                before, changed = (middle, changed) if ahead(middle) == known else (before, middle)
            known = ahead(changed)
            yield changed.replace(tzinfo=None), known // _SECOND
        before = after
