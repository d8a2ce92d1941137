"""Describes in words what each pattern of the schemas requires."""

from typing import Any, get_args

from schemas.export import Bound
from schemas.fields import Currency, EventId, Id, Moment


def _pattern(kind: Any) -> str:
    return str(get_args(kind)[1].pattern)


IN_WORDS = {
    _pattern(Bound): "must be a day from 1990 to 2100 such as 2026-11-20, or a time in ISO 8601",
    _pattern(Currency): "must be an ISO 4217 code, such as USD",
    _pattern(Id): "must be 1 to 128 printable characters without spaces",
    _pattern(Moment): (
        "must be a time with its offset, such as 2026-11-20T10:00:00.123Z, that exists: "
        "days from 1990 to 2100, offsets to 14:00, second 60 only in the last minute of a quarter "
        "of an hour"
    ),
    _pattern(EventId): "must be 8 to 64 characters without control characters",
}
