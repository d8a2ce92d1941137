"""An answer is told again for as long as nothing has changed that it may be made of."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from consumers import FLEET
from daybook.engine.mongo import indexes
from daybook.query.answer import answers
from daybook.query.answer.answers import UNCHECKED, UNCHECKED_SECONDS_MAX, Answers, Making
from daybook.query.answer.cache import (
    REALTIME,
    REPORTS,
    CachedResponse,
    CacheKey,
    CachePolicy,
    ResponseCache,
)
from daybook.query.read import groups
from daybook.query.read.freshness import Freshness
from daybook.query.read.revisions import KNOWN_SECONDS, SETTLED_SECONDS, Revisions
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
QUESTION = CacheKey.of("a", "/revenue", [])


def told_again(service: QueryProcess) -> float:
    return service.metric("daybook_query_answers_total", origin="remembered")


def test_all_services_tell_an_answer_until_a_document_changes(office: Office) -> None:
    one, other = office.start(), office.start()
    office.day(OrderFunnelDay, "2026-11-01", orders_created=1, updated_at=LONG_AGO)
    before = one.report("/order-funnel", office.admin, **DAYS)
    for _ in range(3):
        assert other.report("/order-funnel", office.admin, **DAYS).body == before.body
    assert told_again(other) == 3
    office.day(OrderFunnelDay, "2026-11-01", orders_created=2)

    def is_anew() -> bool:
        body = other.report("/order-funnel", office.admin, **DAYS).json
        return bool(body["totals"]["orders_created"] == 2)

    until(is_anew, "the change is told", seconds=UNCHECKED_SECONDS_MAX + KNOWN_SECONDS + 4)


def test_another_tenants_change_unmakes_no_answer(office: Office, service: QueryProcess) -> None:
    office.day(FunnelDay, "2026-11-01", ORGANIZATION, "spring", sessions=1, updated_at=LONG_AGO)
    office.day(FunnelDay, "2026-11-01", OTHER, "spring", sessions=1, updated_at=LONG_AGO)
    documents = office.world.documents
    documents.command("profile", 2)
    service.report(DASHBOARD, **DAYS)

    def is_looked_at_again() -> bool:
        office.day(FunnelDay, "2026-11-01", OTHER, "spring", sessions=2)
        service.report(DASHBOARD, **DAYS)
        own = {"ns": f"{documents.name}.{FunnelDay.collection}", **OF_REVISIONS}
        return documents["system.profile"].count_documents(own) > 1

    until(is_looked_at_again, "the revision is asked for once more")
    documents.command("profile", 0)
    assert service.metric("daybook_query_answers_total", origin="made") == 1


def test_the_revision_is_read_by_an_index_alone(office: Office) -> None:
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
    asked = list(documents["system.profile"].find(OF_REVISIONS))
    own = [groups.COLLECTIONS[group] for group in groups.FUNNEL_STEP + groups.REVENUE]
    collections = {each["ns"].partition(".")[2] for each in asked}
    assert collections == frozenset().union(*own) - {"analytics_revenue"}
    for each in asked:
        assert each["planSummary"].startswith("IXSCAN { organization_id: 1, updated_at: 1"), each
        assert (each["docsExamined"], each.get("hasSortStage", False)) == (0, False)
        assert each["keysExamined"] <= 1


class Asked:
    """A scope whose documents were last written then; it counts how often that is asked."""

    name = "a"
    collections = frozenset({"analytics_order_funnel"})

    def __init__(self) -> None:
        self.newest: list[dict[str, Any]] = []
        self.times = 0
        self.reader = self

    async def find(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        self.times += 1
        return self.newest

    def written(self, at: float, revision: int = 1) -> None:
        moment = datetime.fromtimestamp(at, UTC)
        self.newest = [{"updated_at": moment, "_daybook": {"revision": revision}}]

    def bounded(self) -> Any:
        return asyncio.timeout(None)


def revision(scope: Asked, at: float, revisions: Revisions | None = None) -> str | None:
    own = revisions or Revisions()
    return asyncio.run(own.now(cast(Scope, scope), groups.ORDER_FUNNEL, at))


def test_every_write_is_another_revision() -> None:
    scope = Asked()
    told = [revision(scope, 1_000.0)]
    for at, number in ((10.0, 1), (10.0, 2), (11.0, 2)):
        scope.written(at, number)
        told.append(revision(scope, 1_000.0))
    assert None not in told
    assert len(set(told)) == 4


def test_a_batch_that_may_be_half_written_has_no_revision() -> None:
    scope = Asked()
    scope.written(1_000.0)
    assert revision(scope, 1_000.0 + SETTLED_SECONDS / 2) is None
    assert revision(scope, 1_000.0 + SETTLED_SECONDS * 2) is not None


def test_many_reports_of_a_scope_ask_for_its_revision_once_a_second() -> None:
    scope, now = Asked(), [50.0]
    revisions = Revisions(lambda: now[0])

    async def ask(times: int) -> None:
        for _ in range(times):
            await revisions.known(cast(Scope, scope), groups.ORDER_FUNNEL)

    asyncio.run(ask(100))
    assert scope.times == 1
    now[0] += KNOWN_SECONDS
    asyncio.run(ask(100))
    assert scope.times == 2


class Memory:
    """What was remembered last."""

    kept: CachedResponse | None = None

    async def get(self, _: CacheKey) -> CachedResponse | None:
        return self.kept

    async def put(self, _: CacheKey, answer: CachedResponse, __: CachePolicy) -> None:
        self.kept = answer


class NeverFresh:
    async def of(self, *_: Any) -> dict[str, Any]:
        return {}


class Desk:
    """Answers at a time that is told, over a scope whose documents change every time."""

    def __init__(self, took: float) -> None:
        self.now = 1_000.0
        self.made = 0
        self.scope, self.memory = Asked(), Memory()
        freshness, memory = cast(Freshness, NeverFresh()), cast(ResponseCache, self.memory)
        revisions = Revisions(lambda: self.now)
        self.answers = Answers(freshness, revisions, memory, lambda: self.now)
        self.ask(REPORTS)
        assert self.memory.kept
        self.memory.kept = replace(self.memory.kept, took=took)

    def ask(self, keep: CachePolicy) -> str:
        async def build() -> dict[str, Any]:
            self.made += 1
            return {}

        self.scope.written(10.0, self.made)
        scope = cast(Scope, self.scope)
        making = Making(scope, keep, groups.ORDER_FUNNEL, ZoneInfo("UTC"), build)
        return asyncio.run(self.answers.get(QUESTION, making))[1]


@pytest.mark.parametrize(
    ("took", "unchecked"), [(0.01, 0.01 * UNCHECKED), (2.0, UNCHECKED_SECONDS_MAX)]
)
def test_making_an_answer_takes_a_small_share_of_the_time(took: float, unchecked: float) -> None:
    desk = Desk(took)
    desk.now += unchecked * 0.99
    assert desk.ask(REPORTS) == "remembered"
    desk.now += unchecked * 0.02
    assert desk.ask(REPORTS) == "made"


def test_an_answer_whose_documents_stand_is_told_a_minute_at_most() -> None:
    desk = Desk(took=0.0)
    desk.made = 0  # as they stood when it was made
    desk.now += 59.0
    assert desk.ask(REPORTS) == "remembered"
    desk.now += 2.0
    assert desk.ask(REPORTS) == "made"


def test_live_numbers_are_told_for_five_seconds_whatever_changes() -> None:
    desk = Desk(took=0.0)
    desk.now += 4.9
    assert desk.ask(REALTIME) == "remembered"
    desk.now += 0.2
    assert desk.ask(REALTIME) == "made"


def test_who_waits_too_long_is_told_the_last_answer_that_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.01)
    desk = Desk(took=0.0)
    desk.now += 100.0

    async def play() -> None:
        over = asyncio.Event()

        async def build() -> dict[str, Any]:
            await over.wait()
            return {"made": "anew"}

        scope = cast(Scope, desk.scope)
        making = Making(scope, REPORTS, groups.ORDER_FUNNEL, ZoneInfo("UTC"), build)
        told, origin = await desk.answers.get(QUESTION, making)
        assert (told.body, origin) == ("{}", "stale")
        over.set()
        told, origin = await desk.answers.get(QUESTION, making)
        assert (told.body, origin) == ('{"made":"anew"}', "shared")

    asyncio.run(play())
