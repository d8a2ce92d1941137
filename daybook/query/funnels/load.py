"""Reads that several funnel reports share; each uses an index and projects the fields needed."""

from asyncio import gather
from collections.abc import Sequence
from typing import Any

from daybook.query.figures.date_range import Span
from daybook.query.figures.people import Users
from daybook.query.figures.projections import Projection, projection, sums_of
from daybook.query.read.groups import FUNNEL_STEP
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.funnel_step import FunnelStepDay
from models.funnel_user import FunnelUsers
from models.uniques import FUNNEL_USERS, Uniques, periods

USER_ROWS_MAX = 200_000
"""The rows of a day from which its users are counted exactly, in about a second on two busy cores;
a day with more has an estimate."""


async def load_step_days(
    scope: Scope, funnel_id: str, span: Span, fields: Projection
) -> list[Document]:
    """Documents of `analytics_funnel_step` of all steps of a funnel, unordered."""
    where = {"funnel_id": funnel_id, "date": span.dates}
    return await scope.find(FunnelStepDay.collection, where, fields=fields)


async def load_step_sums(
    scope: Scope, funnel_id: str, span: Span, fields: Sequence[str]
) -> list[Document]:
    """The sums of the same documents, one row for each step."""
    where = {"funnel_id": funnel_id, "date": span.dates}
    return await scope.aggregate(FunnelStepDay.collection, where, sums_of(fields, "step_id"))


async def load_sketches(
    scope: Scope, kind: str, funnel_id: str, span: Span, step_id: str | None = None
) -> list[Document]:
    """Sketches of unique people; none for a single day, whose uniques are exact."""
    if span.days == 1:
        return []
    where = {"kind": kind, "id": funnel_id, "period": {"$in": _periods(span)}}
    if step_id is not None:
        where["step_id"] = step_id
    return await scope.find(Uniques.collection, where, fields=["sketch", "_daybook.model"])


async def load_people(
    scope: Scope, funnel_id: str, span: Span
) -> tuple[list[Document], list[Document]]:
    """Sketches of a funnel's visitors, and of those who converted."""
    visiting, converting = await gather(
        load_sketches(scope, "funnel", funnel_id, span),
        load_sketches(scope, "funnel_converters", funnel_id, span),
    )
    return visiting, converting


async def load_users(scope: Scope, funnel_id: str, span: Span) -> Users:
    """Sketches of the visitors with a user and of the users, and the exact number of one day's."""
    where = {"kind": FUNNEL_USERS, "id": funnel_id, "period": {"$in": _periods(span)}}
    named, sketches, on_the_day = await gather(
        load_sketches(scope, "funnel_named", funnel_id, span),
        scope.find(Uniques.collection, where, fields=["sketch", "_daybook.model"]),
        _users_of_a_day(scope, funnel_id, span),
    )
    return Users(named, sketches, on_the_day)


async def _users_of_a_day(scope: Scope, funnel_id: str, span: Span) -> int | None:
    """The number of distinct users of a range of one day; None for others, for too many, and if the
    rows of the past have not been rebuilt since there are any."""
    if span.days > 1:
        return None
    if await scope.version_of(FUNNEL_STEP[0], FunnelUsers.collection) < FunnelUsers.version:
        return None
    stages: list[dict[str, Any]] = [
        {"$limit": USER_ROWS_MAX + 1},
        {"$group": {"_id": "$user_id", "rows": {"$sum": 1}}},
        {"$group": {"_id": None, "users": {"$sum": 1}, "rows": {"$sum": "$rows"}}},
    ]
    where = {"funnel_id": funnel_id, "date": span.dates}
    for found in await scope.aggregate(FunnelUsers.collection, where, stages):
        return int(found["users"]) if found["rows"] <= USER_ROWS_MAX else None
    return 0


def _periods(span: Span) -> list[str]:
    return periods(span.first.isoformat(), span.last.isoformat())


FUNNEL_FIELDS = ("date", "unique_visitors", "conversions", "converting_visitors")
STEP_COUNTS = (
    "visitors", "unique_visitors", "entries", "exits", "drop_offs", "reached", "conversions",
    "converting_visitors", "time_spent_seconds", "time_spent_count",
)  # fmt: skip
STEP_FIELDS = ("date", "step_id", *STEP_COUNTS)


def hours_if(wanted: bool) -> Projection:
    return projection(["hours"]) if wanted else {}
