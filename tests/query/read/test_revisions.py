"""A cached answer is served as long as the documents it is computed from have not changed."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from consumers import FLEET
from daybook.engine.mongo import indexes
from daybook.query.answer import answers
from daybook.query.answer.answers import UNCHECKED, UNCHECKED_SECONDS_MAX, Answers, Recipe
from daybook.query.answer.cache import (
    REALTIME,
    REPORTS,
    CachedResponse,
    CacheKey,
    CachePolicy,
    ResponseCache,
)
from daybook.query.caller import Caller
from daybook.query.read import groups
from daybook.query.read.freshness import Freshness
from daybook.query.read.revisions import CACHED_SECONDS, SETTLED_SECONDS, Revisions
from daybook.query.read.scope import Scope
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from models.order_funnel import OrderFunnelDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.support.query import QueryProcess
from tests.support.wait import until

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
DASHBOARD = f"/organizations/{ORGANIZATION}/dashboard"
LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
OF_REVISIONS = {"appName": "daybook-query", "command.sort": {"updated_at": -1}}
KEY = CacheKey.of("a", "/revenue", [])


def served_from_cache(service: QueryProcess) -> float:
    return service.metric("daybook_query_answers_total", origin="remembered")


def test_all_services_serve_a_cached_answer_until_a_document_changes(office: Office) -> None:
    one, other = office.start(), office.start()
    office.day(OrderFunnelDay, "2026-11-01", orders_created=1, updated_at=LONG_AGO)
    before = one.report("/order-funnel", office.admin, **DAYS)
    for _ in range(3):
        assert other.report("/order-funnel", office.admin, **DAYS).body == before.body
    assert served_from_cache(other) == 3
    office.day(OrderFunnelDay, "2026-11-01", orders_created=2)

    def is_recomputed() -> bool:
        body = other.report("/order-funnel", office.admin, **DAYS).json
        return bool(body["totals"]["orders_created"] == 2)

    until(
        is_recomputed,
        "the report contains the change",
        seconds=UNCHECKED_SECONDS_MAX + CACHED_SECONDS + 4,
    )


def test_another_organizations_change_does_not_invalidate_an_answer(
    office: Office, service: QueryProcess
) -> None:
    office.day(FunnelDay, "2026-11-01", ORGANIZATION, "spring", sessions=1, updated_at=LONG_AGO)
    office.day(FunnelDay, "2026-11-01", OTHER, "spring", sessions=1, updated_at=LONG_AGO)
    documents = office.world.documents
    documents.command("profile", 2)
    service.report(DASHBOARD, **DAYS)

    def is_checked_again() -> bool:
        office.day(FunnelDay, "2026-11-01", OTHER, "spring", sessions=2)
        service.report(DASHBOARD, **DAYS)
        reads = {"ns": f"{documents.name}.{FunnelDay.collection}", **OF_REVISIONS}
        return documents["system.profile"].count_documents(reads) > 1

    until(is_checked_again, "the revision is read once more")
    documents.command("profile", 0)
    assert service.metric("daybook_query_answers_total", origin="made") == 1


def test_the_revision_is_read_from_an_index_alone(office: Office) -> None:
    for group in FLEET:
        indexes.ensure(office.world.documents, group)
    for number in range(1, 29):
        for name in ("a", "b"):
            office.day(FunnelDay, f"2026-11-{number:02d}", ORGANIZATION, name)
            office.day(EventMetricsDay, f"2026-11-{number:02d}", OTHER, name)
    service = office.start()
    documents = office.world.documents
    documents.command("profile", 2)
    assert service.report(DASHBOARD, **DAYS).status == 200
    documents.command("profile", 0)
    entries = list(documents["system.profile"].find(OF_REVISIONS))
    written = [groups.COLLECTIONS[group] for group in groups.FUNNEL_STEP + groups.REVENUE]
    collections = {entry["ns"].partition(".")[2] for entry in entries}
    assert collections == frozenset().union(*written) - {"analytics_revenue"}
    for entry in entries:
        assert entry["planSummary"].startswith("IXSCAN { organization_id: 1, updated_at: 1"), entry
        assert (entry["docsExamined"], entry.get("hasSortStage", False)) == (0, False)
        assert entry["keysExamined"] <= 1


class CountingScope:
    """A scope with a settable time of the last write; it counts the reads."""

    name = "a"
    caller = Caller("key:1", "owner", "a")
    collections = frozenset({"analytics_order_funnel"})

    def __init__(self) -> None:
        self.newest: list[dict[str, Any]] = []
        self.reads = 0
        self.reader = self

    async def find(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        self.reads += 1
        return self.newest

    def write(self, at: float, revision: int = 1) -> None:
        moment = datetime.fromtimestamp(at, UTC)
        self.newest = [{"updated_at": moment, "_daybook": {"revision": revision}}]

    def bounded(self) -> Any:
        return asyncio.timeout(None)


def revision(scope: CountingScope, at: float, revisions: Revisions | None = None) -> str | None:
    revisions = revisions or Revisions()
    return asyncio.run(revisions.current(cast(Scope, scope), groups.ORDER_FUNNEL, at))


def test_every_write_changes_the_revision() -> None:
    scope = CountingScope()
    found = [revision(scope, 1_000.0)]
    for at, number in ((10.0, 1), (10.0, 2), (11.0, 2)):
        scope.write(at, number)
        found.append(revision(scope, 1_000.0))
    assert None not in found
    assert len(set(found)) == 4


def test_a_batch_that_may_be_half_written_has_no_revision() -> None:
    scope = CountingScope()
    scope.write(1_000.0)
    assert revision(scope, 1_000.0 + SETTLED_SECONDS / 2) is None
    assert revision(scope, 1_000.0 + SETTLED_SECONDS * 2) is not None


def test_reports_of_a_scope_read_its_revision_once_a_second() -> None:
    scope, now = CountingScope(), [50.0]
    revisions = Revisions(lambda: now[0])

    async def read(times: int) -> None:
        for _ in range(times):
            await revisions.recent(cast(Scope, scope), groups.ORDER_FUNNEL)

    asyncio.run(read(100))
    assert scope.reads == 1
    now[0] += CACHED_SECONDS
    asyncio.run(read(100))
    assert scope.reads == 2


class LastResponse:
    """A cache that holds the last response."""

    cached: CachedResponse | None = None

    async def get(self, _: CacheKey) -> CachedResponse | None:
        return self.cached

    async def put(self, _: CacheKey, answer: CachedResponse, __: CachePolicy) -> None:
        self.cached = answer


class UnknownFreshness:
    async def as_of(self, *_: Any) -> dict[str, Any]:
        return {}


class Reports:
    """Answers at a settable time, over a scope whose documents change with each computation."""

    def __init__(self, took: float) -> None:
        self.now = 1_000.0
        self.computed = 0
        self.scope, self.cache = CountingScope(), LastResponse()
        freshness, cache = cast(Freshness, UnknownFreshness()), cast(ResponseCache, self.cache)
        revisions = Revisions(lambda: self.now)
        self.answers = Answers(freshness, revisions, cache, lambda: self.now)
        self.get(REPORTS)
        assert self.cache.cached
        self.cache.cached = replace(self.cache.cached, took=took)

    def get(self, policy: CachePolicy) -> str:
        async def build() -> dict[str, Any]:
            self.computed += 1
            return {}

        self.scope.write(10.0, self.computed)
        scope = cast(Scope, self.scope)
        recipe = Recipe(scope, policy, groups.ORDER_FUNNEL, ZoneInfo("UTC"), build)
        return asyncio.run(self.answers.get(KEY, recipe))[1]


@pytest.mark.parametrize(
    ("took", "unchecked"), [(0.01, 0.01 * UNCHECKED), (2.0, UNCHECKED_SECONDS_MAX)]
)
def test_computing_an_answer_takes_a_small_share_of_the_time(took: float, unchecked: float) -> None:
    reports = Reports(took)
    reports.now += unchecked * 0.99
    assert reports.get(REPORTS) == "remembered"
    reports.now += unchecked * 0.02
    assert reports.get(REPORTS) == "made"


def test_an_answer_of_unchanged_documents_is_cached_for_a_minute() -> None:
    reports = Reports(took=0.0)
    reports.computed = 0  # as it was when the answer was computed
    reports.now += 59.0
    assert reports.get(REPORTS) == "remembered"
    reports.now += 2.0
    assert reports.get(REPORTS) == "made"


def test_live_numbers_are_cached_for_five_seconds_whatever_changes() -> None:
    reports = Reports(took=0.0)
    reports.now += 4.9
    assert reports.get(REALTIME) == "remembered"
    reports.now += 0.2
    assert reports.get(REALTIME) == "made"


def test_a_request_that_waits_too_long_gets_the_last_cached_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.01)
    reports = Reports(took=0.0)
    reports.now += 100.0

    async def play() -> None:
        mongodb_answers = asyncio.Event()

        async def build() -> dict[str, Any]:
            await mongodb_answers.wait()
            return {"computed": "again"}

        scope = cast(Scope, reports.scope)
        recipe = Recipe(scope, REPORTS, groups.ORDER_FUNNEL, ZoneInfo("UTC"), build)
        answer, origin = await reports.answers.get(KEY, recipe)
        assert (answer.body, origin) == ("{}", "stale")
        mongodb_answers.set()
        answer, origin = await reports.answers.get(KEY, recipe)
        assert (answer.body, origin) == ('{"computed":"again"}', "shared")

    asyncio.run(play())
