"""The largest entries of a map of counts, with their shares of the whole."""

from collections.abc import Collection, Mapping
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
    """What is in none of the rows: smaller entries, and those beyond the limit of the stored map.

    Its percentage and those of the rows add up to 100.
    """

    visitors: int
    percentage: float


def shares(counts: Mapping[str, int], reserved: Collection[str] = ()) -> tuple[list[Share], Share]:
    """The largest entries in descending order, and the rest; keys of `counts` as stored.

    `reserved`: as of `name_of`.
    """
    entries = by_name(counts, reserved)
    remainder = sum(count for _, count in entries[TOP:]) + counts.get(OTHER, 0)
    rows = [*entries[:TOP], (OTHER, remainder)]
    result = [
        Share(name, count, percentage)
        for (name, count), percentage in zip(
            rows, percentages([count for _, count in rows]), strict=True
        )
    ]
    return result[:-1], result[-1]


def rest(share: Share) -> Rest:
    return Rest(visitors=share.visitors, percentage=share.percentage)
