"""The field types of events: ids, money, times, currencies; all strict, so `"1"` is not 1."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from daybook.engine.currency import CODES

STRICT = ConfigDict(strict=True, extra="ignore")

MONEY_MAX = 2**53 - 1

Id = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[^\s\p{Cc}\p{Cf}\p{Co}]+$"),
]
"""Printable, without spaces. The pattern has no length: a counted Unicode class is half as fast."""

Text = Annotated[str, StringConstraints(max_length=1024)]
Uuid = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
    ),
]
Moment = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
        r"(Z|[+-][0-9]{2}:[0-9]{2})$"
    ),
]
"""RFC 3339 with an offset; `Calendar` refuses impossible dates that match (the 31st of June)."""

Cents = Annotated[int, Field(ge=0, le=MONEY_MAX)]
"""Integer minor units of a currency."""

Currency = Annotated[
    str,
    StringConstraints(pattern="^(" + "|".join(sorted(CODES)) + ")$"),
]
"""An ISO 4217 code."""

Version = Literal[1]
