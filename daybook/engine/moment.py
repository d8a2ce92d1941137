"""Reads a time of RFC 3339, and tells times in milliseconds since 1970."""

import re
from datetime import UTC, datetime, timedelta

_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:[0-5]\d|\d\d:(?:14|29|44|59):60)(?:\.(\d{1,3})\d*)?"
    r"(?:[Zz]|([+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00))",
    re.ASCII,
)
_LEAP = ":60"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def moment_at(at: int) -> datetime:
    """The time so many milliseconds after the beginning of 1970, in UTC."""
    return _EPOCH + timedelta(milliseconds=at)


def milliseconds_at(moment: datetime) -> int:
    """The inverse of `moment_at`, further digits cut off. `moment` must have an offset."""
    return (moment - _EPOCH) // _MILLISECOND


def parse_moment(text: str) -> datetime:
    """The time, with its offset, to the millisecond; further digits are cut off.

    A leap second is the second after it, which begins the next minute. UTC has one before
    midnight, so in all zones since 1990 it ends a quarter of an hour. The time taken grows
    linearly with the text. Raises ValueError for any other text, and for a time that does not
    exist.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError("not a time of RFC 3339")
    day, clock, fraction, offset = form.groups()
    seconds = f"{clock[:5]}:00" if clock.endswith(_LEAP) else clock
    moment = datetime.fromisoformat(f"{day}T{seconds}.{fraction or '0':0<3}{offset or '+00:00'}")
    if seconds is clock:
        return moment
    try:
        return moment + timedelta(minutes=1)
    except OverflowError:
        raise ValueError("after the year 9999") from None
