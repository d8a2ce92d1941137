"""Organizations take turns, and a question that takes too long is asked in parts."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from daybook.exports.event_rows import event_rows
from daybook.exports.patient_scope import PatientScope, read_page
from daybook.exports.runner import Rotation
from daybook.query.caller import Caller
from daybook.query.figures.date_range import parse_span
from daybook.query.figures.projections import sums_by_key, sums_of
from daybook.query.problem import TookTooLong
from daybook.query.read.mongo import Reader
from daybook.query.read.shares import Shares
from models.funnel import FunnelDay
from models.session import Sessions
from tests.query.figures.test_date_range import UTC_ZONE

FIRST, LAST = date(2026, 1, 1), date(2026, 11, 19)
SPAN = parse_span(str(FIRST), str(LAST), UTC_ZONE, UTC_ZONE, LAST)


def test_of_the_organizations_that_wait_the_one_served_longest_ago_is_next() -> None:
    rotation = Rotation()
    assert [rotation.next(["loud"]) for _ in range(3)] == ["loud"] * 3
    assert rotation.next(["loud", "quiet"]) == "quiet"
    assert [rotation.next(["a", "b", "loud", "quiet"]) for _ in range(6)] == [
        "a", "b", "loud", "quiet", "a", "b",
    ]  # fmt: skip
    assert rotation.next(["quiet"]) == "quiet"


class SlowReader:
    """A MongoDB with a document a day, that answers in time for `days_max` of them."""

    def __init__(self, days_max: int) -> None:
        self.days_max = days_max
        self.asked = 0
        self.shares = Shares()

    async def find(self, _: str, where: Mapping[str, Any], **__: Any) -> list[dict[str, Any]]:
        return [{"date": day} for day in self._days(where)]

    async def aggregate(self, _: str, stages: Sequence[Any]) -> list[dict[str, Any]]:
        days = self._days(stages[0]["$match"])
        even = [day for day in days if day.day % 2 == 0]
        rows = [{"_id": "all", "step_id": "all", "entries": len(days)}]
        return rows + [{"_id": "even", "step_id": "even", "entries": len(even)}] * bool(even)

    def _days(self, where: Mapping[str, Any]) -> list[date]:
        self.asked += 1
        bounds = where["date"] if "date" in where else where["_id"]
        first, last = (_day(bounds[name]) for name in ("$gte", "$lte"))
        count = (last - first).days + 1
        if count > self.days_max:
            raise TookTooLong
        return [first + timedelta(days=number) for number in range(count)]


def _day(bound: Any) -> date:
    return bound.date() if isinstance(bound, datetime) else date.fromisoformat(bound[-10:])


def patient(reader: SlowReader) -> PatientScope:
    return PatientScope(cast(Reader, reader), Caller("export", "server", "acme"), "acme")


@pytest.mark.parametrize("days_max", [1, 7, 100, 400])
def test_a_range_is_cut_until_each_part_is_answered_in_time(days_max: int) -> None:
    reader = SlowReader(days_max)
    scope = patient(reader)
    whole = [{"date": FIRST + timedelta(days=number)} for number in range(SPAN.days)]
    assert asyncio.run(scope.days(FunnelDay, SPAN, "spring")) == whole
    assert asyncio.run(scope.find("analytics_funnel", {"date": SPAN.dates})) == whole
    assert reader.asked <= 2 * (4 * SPAN.days // days_max + 1)


@pytest.mark.parametrize("days_max", [1, 30, 400])
def test_sums_of_the_parts_are_the_sums_of_the_whole(days_max: int) -> None:
    scope = patient(SlowReader(days_max))
    even = sum((FIRST + timedelta(days=n)).day % 2 == 0 for n in range(SPAN.days))
    for where, stages in (
        ({"funnel_id": "spring", "date": SPAN.dates}, sums_of(["entries"], "step_id")),
        (scope.days_filter(FunnelDay, SPAN, "spring"), sums_by_key("sources", ["entries"])),
    ):
        rows = asyncio.run(scope.aggregate("analytics_funnel", where, stages))
        assert sorted((row["_id"], row["step_id"], row["entries"]) for row in rows) == [
            ("all", "all", SPAN.days),
            ("even", "even", even),
        ]


def test_what_takes_too_long_even_for_a_day_is_not_asked_for_ever() -> None:
    reader = SlowReader(0)
    with pytest.raises(TookTooLong):
        asyncio.run(patient(reader).days(FunnelDay, SPAN, "spring"))
    assert reader.asked < 20


def test_a_page_gets_smaller_until_it_is_read_in_time_and_then_larger_again() -> None:
    limit, sizes = 70, []

    async def read(size: int) -> list[int]:
        sizes.append(size)
        if size > limit:
            raise TookTooLong
        return list(range(size))

    page, size = asyncio.run(read_page(read, 1_000, 1_000))
    assert (len(page), size, sizes) == (62, 62, [1_000, 250, 62])
    limit = 2_000
    assert asyncio.run(read_page(read, 62, 1_000))[1] == 124
    limit = 0
    with pytest.raises(TookTooLong):
        asyncio.run(read_page(read, 1_000, 1_000))


class SlowSessions:
    """Sessions that MongoDB reads in time if they are few, or without their events."""

    def __init__(self, count: int, scanned_max: int, read_max: int, size: int) -> None:
        self.ids = [f"acme:{number:04d}" for number in range(count)]
        self.scanned_max, self.read_max, self.size = scanned_max, read_max, size
        self.most_bytes = 0
        self.shares = Shares()

    async def find(
        self, name: str, where: Mapping[str, Any], *, limit: int = 0, **_: Any
    ) -> list[dict[str, Any]]:
        assert name == Sessions.collection
        if wanted := where["_id"].get("$in"):
            if len(wanted) > self.read_max:
                raise TookTooLong
            self.most_bytes = max(self.most_bytes, len(wanted) * self.size)
            return [self._session(one) for one in wanted]
        if limit > self.scanned_max:
            raise TookTooLong
        after = where["_id"].get("$gt", "")
        found = [one for one in self.ids if one > after][:limit]
        return [{"_id": one, "matches": True, "size": self.size} for one in found]

    def _session(self, one: str) -> dict[str, Any]:
        at = datetime(2026, 11, 2, tzinfo=UTC)
        event = {"event_type": "page_view", "at": at, "page_id": None, "step_id": None}
        names = dict.fromkeys(("funnel_id", "visitor_id", "user_id", "session_id"), one)
        return {"_id": one, "events": [event | {"metadata": {}}], **names}


@pytest.mark.parametrize(
    ("scanned_max", "read_max", "size"),
    [(1_000, 50, 1_000), (10, 50, 1_000), (1, 1, 1_000), (1_000, 3, 1_000), (1_000, 50, 2 * 10**6)],
)
def test_events_are_read_in_parts_of_bounded_size_and_each_once(
    scanned_max: int, read_max: int, size: int
) -> None:
    reader = SlowSessions(230, scanned_max, read_max, size)
    scope = PatientScope(cast(Reader, reader), Caller("export", "server", "acme"), "acme")

    async def read() -> list[str]:
        return [row.session_id async for row in event_rows(scope, SPAN, None, None, None)]

    assert asyncio.run(read()) == reader.ids
    assert reader.most_bytes <= 4 * 2**20
