"""The field types of events: ids, money, times, currencies; all strict, so `"1"` is not 1."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from daybook.engine.currency import CODES

STRICT = ConfigDict(strict=True, extra="ignore")

CENTS_MAX = 10**12
"""The greatest amount of money: ten thousand million dollars, or euros, in one event.

No sum can leave int64, which ends at 9.2 * 10^18. It takes 9,223,372 events with this amount to
fill one: a batch has at most 50,000 (5 * 10^16), and an order's refunds, or a day's payments, in
one currency would have to be that many, each at the limit. Products of a quantity (up to 10^6) and
a price are Python integers and DuckDB's HUGEINT, cut to 2^53 - 1 before they are stored.
"""

Id = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[^\s\p{Cc}\p{Cf}\p{Co}]+$"),
]
"""Printable, without spaces. The pattern has no length: a counted Unicode class is half as fast."""

Text = Annotated[str, StringConstraints(max_length=1024)]
"""At most 1,024 characters, so at most 4,096 bytes where it is stored."""

EventId = Annotated[
    str,
    StringConstraints(min_length=8, max_length=64, pattern=r"^[^\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]+$"),
]
"""A UUID, a ULID, or any other text of this length without control characters.

`daybook.engine.decode.duplicate_window.own_id` says when two of them are the same id.
"""

_LONG_MONTHS = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
_SHORT_MONTHS = "(0[469]|11)-(0[1-9]|[12][0-9]|30)"
_FEBRUARY = "02-(0[1-9]|1[0-9]|2[0-8])"
_LEAP_DAY = "(199[26]|20([02468][048]|[13579][26]))-02-29"
DAY = f"((199[0-9]|20[0-9]{{2}}|2100)-({_LONG_MONTHS}|{_SHORT_MONTHS}|{_FEBRUARY})|{_LEAP_DAY})"
"""The pattern of a day that exists, from 1990-01-01 to 2100-12-31."""
_MINUTE = "([01][0-9]|2[0-3]):[0-5][0-9]"
_SECONDS = r":[0-5][0-9](\.[0-9]{1,6})?"
TIME = f"{_MINUTE}({_SECONDS})?"
_ZONE = "[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00"
OFFSET = f"(Z|{_ZONE})"
_LEAP_SECOND = "([01][0-9]|2[0-3]):(14|29|44|59):60"

Moment = Annotated[
    str,
    StringConstraints(
        pattern=rf"^{DAY}[Tt]({_MINUTE}:[0-5][0-9]|{_LEAP_SECOND})(\.[0-9]+)?([Zz]|{_ZONE})$"
    ),
]
"""RFC 3339 with an offset: a time that exists, on a day from 1990 to 2100 in its own offset.

UTC has leap seconds before midnight, so in all zones since 1990 they end a quarter of an hour; a
leap second counts as the next second. Offsets go to 14:00, like those of all zones since 1990; RFC
3339 would allow 23:59. The pattern alone decides, so that a JSON Schema refuses the same times, and
a time costs no call of Python. `daybook.engine.moment.parse_moment` reads them.
"""

Cents = Annotated[int, Field(ge=0, le=CENTS_MAX)]
"""Integer minor units of a currency."""

Currency = Annotated[
    str,
    StringConstraints(pattern="^(" + "|".join(sorted(CODES)) + ")$"),
]
"""An ISO 4217 code."""

Version = Literal[1, 2]
"""The versions of the envelope: producers may call it 1 or 2, and the same rules hold for both."""
