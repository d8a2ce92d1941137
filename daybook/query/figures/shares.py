"""The greatest of what a map counts, with their shares of the whole."""

from collections.abc import Mapping
from typing import NamedTuple

from daybook.query.figures.body import Body
from daybook.query.figures.map_keys import OTHER, by_name
from daybook.query.figures.rounding import percentages

TOP = 10


class Share(NamedTuple):
    name: str
    visitors: int
    percentage: float


class Rest(Body):
    """What stands in no row: keys beyond the greatest, and what found no room when it was stored.

    Its percentage and those of the rows add up to 100.
    """

    visitors: int
    percentage: float


def shares(counts: Mapping[str, int], top: int = TOP) -> tuple[list[Share], Share]:
    """The greatest, the greatest first, and the rest of them; keys as they are stored."""
    named = by_name(counts)
    beyond = sum(count for _, count in named[top:]) + counts.get(OTHER, 0)
    rows = [*named[:top], (OTHER, beyond)]
    told = [
        Share(name, count, percentage)
        for (name, count), percentage in zip(
            rows, percentages([count for _, count in rows]), strict=True
        )
    ]
    return told[:-1], told[-1]


def rest(share: Share) -> Rest:
    return Rest(visitors=share.visitors, percentage=share.percentage)
