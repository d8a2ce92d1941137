"""Counting never waits for the live projection, and never fails because of it."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime
from threading import Event as Signal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Document
from daybook.engine.documents.fields import Event
from daybook.engine.documents.live import Entry, Live, LiveUpdate, Totals
from daybook.engine.errors import WrongSetting
from daybook.engine.live.buffer import DOCUMENTS_MAX, EVENTS_MAX, LiveBuffer
from daybook.engine.live.projector import Projector, day_end_ms
from daybook.engine.live.store import LiveStore
from daybook.engine.partition import Partition
from daybook.engine.settings import Settings
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay
from tests.support.wait import until

HERE = Partition("orders", "topic-id_1", 0)
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
TODAY = "2026-11-21"
"""In Berlin."""


def updates(event: Event, appended_ms: int) -> Iterator[LiveUpdate]:
    yield Entry("events", str(event["event_id"]), appended_ms, 20 * 60_000)


def batch(*appended_ms: int) -> Batch:
    """A batch of events that were appended at these times."""
    count = len(appended_ms)
    day_hours, events = (
        [DayHour(TODAY, "00")] * count,
        [{"event_id": f"{at}"} for at in appended_ms],
    )
    return Batch(
        HERE, count, list(range(count)), day_hours, list(events), appended_ms=list(appended_ms)
    )


def totals(document: Document) -> Totals:
    return Totals(document.id, document.day, 1, {}, "all")


class FakeStore:
    """Stands for Redis; every call runs `trouble` first."""

    def __init__(self) -> None:
        self.trouble: Callable[[], None] = lambda: None
        self.entries: dict[str, int] = {}
        self.hashes: dict[str, Totals] = {}
        self.refreshed = 0
        self.emptied = True

    def was_emptied(self) -> bool:
        self.trouble()
        self.refreshed += 1
        emptied, self.emptied = self.emptied, False
        return emptied

    def enter(self, entries: Any) -> None:
        self.trouble()
        for members in entries.values():
            self.entries |= members

    def move(self, presences: Any) -> None:
        assert not presences

    def overwrite(self, written: Collection[Totals], day_end_ms: int) -> list[Totals]:
        self.trouble()
        self.hashes |= {one.key: one for one in written}
        return list(written)

    def publish(self, messages: Any, together: bool) -> list[str]:
        return list(messages)

    def close(self) -> None:
        """There is nothing to close."""


class FakeDocuments:
    """Stands for MongoDB; `today` are its documents of the day."""

    def __init__(self) -> None:
        self.today: list[Document] = []

    def read(self, touched: Collection[Document]) -> Iterator[list[Totals]]:
        yield [totals(document) for document in touched]

    def of_day(self, day: date) -> Iterator[list[Totals]]:
        assert day.isoformat() == TODAY
        yield [totals(document) for document in self.today]


class Rig:
    def __init__(self) -> None:
        self.store, self.documents = FakeStore(), FakeDocuments()
        store: Any = self.store
        documents: Any = self.documents
        live = Live({OrderFunnelDay: lambda stored: totals(stored["_id"])}, updates)
        self.projector = Projector(
            "rig", live, store, documents, BERLIN, 3_600.0, lambda: NOW.timestamp()
        )
        self.projector.start()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.projector.close()


def document(*key: str, day: str = TODAY) -> Document:
    return Document(OrderFunnelDay, key, day)


def is_up() -> float | None:
    return REGISTRY.get_sample_value("daybook_live_up", {"group": "rig"})


def test_only_today_and_the_last_half_hour_are_shown(rig: Rig) -> None:
    """So old events that are counted now never appear as live."""
    rig.projector.counted(batch(NOW_MS - 40 * 60_000), [document("old", day="2026-11-20")])
    rig.projector.counted(batch(NOW_MS - 40 * 60_000, NOW_MS - 1), [document("new")])
    rig.projector.counted(batch(), [Document(RevenueDay, (), TODAY)])
    rig.projector.close()
    assert set(rig.store.entries) == {str(NOW_MS - 1)}
    assert set(rig.store.hashes) == {document("new").id}


def test_redis_gets_everything_after_an_outage_that_the_metric_shows(rig: Rig) -> None:
    def away() -> None:
        raise ConnectionError("nobody listens")

    rig.store.trouble = away
    rig.projector.counted(batch(NOW_MS - 2), [document("a")])
    until(lambda: is_up() == 0, "the metric is 0")
    rig.projector.counted(batch(NOW_MS - 1), [document("b")])
    rig.store.trouble = lambda: None
    until(lambda: is_up() == 1, "the metric is 1 again")
    assert set(rig.store.entries) == {str(NOW_MS - 2), str(NOW_MS - 1)}
    assert {document("a").id, document("b").id} <= set(rig.store.hashes)


def test_a_redis_that_does_not_answer_delays_no_member(rig: Rig) -> None:
    called, reply = Signal(), Signal()

    def hang() -> None:
        called.set()
        reply.wait(60)

    rig.store.trouble = hang
    rig.projector.counted(batch(NOW_MS), [document("a")])
    assert called.wait(10)
    for n in range(3):
        rig.projector.counted(batch(NOW_MS + n), [document(f"b{n}")])
    assert not rig.store.hashes
    rig.store.trouble = lambda: None
    reply.set()
    until(
        lambda: {document(f"b{n}").id for n in range(3)} <= set(rig.store.hashes),
        "all are written",
    )


def test_an_emptied_redis_gets_recent_events_and_todays_documents_again(rig: Rig) -> None:
    rig.projector.counted(batch(NOW_MS), [document("a")])
    until(lambda: rig.store.entries, "it is shown")
    until(lambda: rig.store.refreshed == 1, "the first refresh is over")
    rig.store.entries, rig.store.emptied = {}, True
    rig.documents.today = [document("a"), document("nobody touches")]
    rig.projector.refreshes_all(True)
    until(lambda: len(rig.store.hashes) == 2, "today's documents are shown again")
    assert rig.store.entries == {str(NOW_MS): NOW_MS}


def test_the_chosen_member_writes_todays_documents_again_at_once(rig: Rig) -> None:
    rig.documents.today = [document("a")]
    until(lambda: rig.store.refreshed == 1, "the first refresh is over")
    rig.projector.refreshes_all(False)
    assert not rig.store.hashes
    rig.projector.refreshes_all(True)
    until(lambda: rig.store.hashes, "today's documents are written")


def test_the_buffer_is_bounded_and_drops_are_counted() -> None:
    buffer = LiveBuffer("bounded")
    kinds = {kind: {"group": "bounded", "kind": kind} for kind in ("events", "documents")}
    many = [document(f"{n}") for n in range(DOCUMENTS_MAX + 10)]
    buffer.add(batch(*range(EVENTS_MAX)), many[:100], 0, TODAY)
    buffer.add(batch(*range(EVENTS_MAX, EVENTS_MAX + 7)), many, 0, TODAY)
    documents, events = buffer.take()
    assert len(documents) == DOCUMENTS_MAX
    assert [events[0].appended_ms, events[-1].appended_ms] == [7, EVENTS_MAX + 6]
    dropped = {k: REGISTRY.get_sample_value("daybook_live_dropped_total", v)
               for k, v in kinds.items()}  # fmt: skip
    assert dropped == {"events": 7, "documents": 10}
    assert buffer.take() == (set(), [])


def test_a_day_ends_in_its_zone() -> None:
    """The day on which the clock goes back is an hour longer."""
    day_ms = 24 * 3_600_000
    before, longer = (day_end_ms(date(2026, 10, day), BERLIN) for day in (24, 25))
    assert longer - before == day_ms + 3_600_000
    assert before == int(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp() * 1000)


def test_an_invalid_redis_url_is_named() -> None:
    with pytest.raises(WrongSetting, match="DAYBOOK_REDIS_URL"):
        LiveStore(Settings.model_validate({"redis_url": "localhost"}), "rig")


def test_after_the_database_went_back_today_is_read_again_at_once(rig: Rig) -> None:
    until(lambda: rig.store.refreshed == 1, "it has begun")
    rig.projector.forget()
    until(lambda: rig.store.refreshed == 2, "it does not wait for the hour of the next time")
