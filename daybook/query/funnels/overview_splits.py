"""Where a funnel's visitors come from, and with what: the breakdowns of its overview."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from daybook.query.figures.body import Body
from daybook.query.figures.map_keys import OF_NOBODY, by_name
from daybook.query.figures.projections import sums_by_key
from daybook.query.figures.shares import TOP, Rest, rest, shares
from daybook.query.figures.totals import DayDocument
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope


class Source(Body):
    """`direct` is for visitors without a source."""

    source: str
    visitors: int
    conversions: int
    percentage: float


class Channel(Body):
    channel: str
    visitors: int
    conversions: int
    percentage: float


class Campaign(Body):
    campaign: str
    visitors: int
    conversions: int
    percentage: float


class Country(Body):
    country: str
    visitors: int
    conversions: int
    percentage: float


class Device(Body):
    device_type: str
    visitors: int
    conversions: int
    percentage: float


class Browser(Body):
    browser: str
    visitors: int
    conversions: int
    percentage: float


class LandingPage(Body):
    landing_page: str
    visitors: int
    conversions: int
    percentage: float


class Page(Body):
    """A visitor counts for every page they viewed, so pages have no percentages."""

    page: str
    visitors: int
    conversions: int


class BotReason(Body):
    """Events of bots; an event with several reasons counts for each."""

    reason: str
    events: int


class SplitOf(NamedTuple):
    """The body of a row, and the name of the field that has the key."""

    row: type[Body]
    name: str


SPLITS: Mapping[str, SplitOf] = {
    "sources": SplitOf(Source, "source"),
    "channels": SplitOf(Channel, "channel"),
    "campaigns": SplitOf(Campaign, "campaign"),
    "countries": SplitOf(Country, "country"),
    "devices": SplitOf(Device, "device_type"),
    "browsers": SplitOf(Browser, "browser"),
    "landing_pages": SplitOf(LandingPage, "landing_page"),
}
"""The breakdowns of `analytics_funnel` in which a visitor's day has one key."""

BREAKDOWNS = (*SPLITS, "pages")
_PARTS = ("visitors", "conversions")


def split(field: str, sums: Sequence[DayDocument]) -> tuple[list[Body], Rest]:
    """The largest rows of a breakdown in `SPLITS`, and the rest.

    `sums`: one row for each key, as `load_sums` returns them.
    """
    row, name = SPLITS[field]
    converted = dict(by_name(_by_key(sums, "conversions"), OF_NOBODY))
    rows, remainder = shares(_by_key(sums, "visitors"), OF_NOBODY)
    result = [
        row.model_validate(
            {
                name: share.name,
                "visitors": share.visitors,
                "conversions": converted[share.name],
                "percentage": share.percentage,
            }
        )
        for share in rows
    ]
    return result, rest(remainder)


def top_pages(sums: Sequence[DayDocument]) -> list[Page]:
    """The pages with the most visitors."""
    converted = dict(by_name(_by_key(sums, "conversions")))
    return [
        Page(page=name, visitors=visitors, conversions=converted[name])
        for name, visitors in by_name(_by_key(sums, "visitors"))[:TOP]
    ]


def _by_key(rows: Sequence[DayDocument], part: str) -> dict[str, int]:
    return {row["_id"]: int(row[part]) for row in rows}


async def load_sums(
    scope: Scope, collection: str, days: Mapping[str, object], field: str
) -> list[Document]:
    """The sums of a breakdown over these days: `_id` (the key as stored), visitors, conversions."""
    return await scope.aggregate(collection, days, sums_by_key(field, _PARTS))
