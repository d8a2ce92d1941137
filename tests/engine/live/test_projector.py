"""Counting never waits for what is shown, and never fails of it."""

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


def show(event: Event, appended_ms: int) -> Iterator[LiveUpdate]:
    yield Entry("events", str(event["event_id"]), appended_ms, 20 * 60_000)


def batch(*appended_ms: int) -> Batch:
    """Events that came at these times."""
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


class Store:
    """Stands for Redis; `trouble` is what it does when it is asked anything."""

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

    def overwrite(self, several: Collection[Totals], day_end_ms: int) -> list[Totals]:
        self.trouble()
        self.hashes |= {one.key: one for one in several}
        return list(several)

    def publish(self, messages: Any, together: bool) -> list[str]:
        return list(messages)

    def close(self) -> None:
        """Nothing is open."""


class Documents:
    """Stands for MongoDB: `today` is what it holds of the day."""

    def __init__(self) -> None:
        self.today: list[Document] = []

    def read(self, touched: Collection[Document]) -> Iterator[list[Totals]]:
        yield [totals(document) for document in touched]

    def of_day(self, day: date) -> Iterator[list[Totals]]:
        assert day.isoformat() == TODAY
        yield [totals(document) for document in self.today]


class Rig:
    def __init__(self) -> None:
        self.store, self.documents = Store(), Documents()
        store: Any = self.store
        documents: Any = self.documents
        live = Live({OrderFunnelDay: lambda stored: totals(stored["_id"])}, show)
        self.projector = Projector(
            "rig", live, store, documents, BERLIN, 3_600.0, lambda: NOW.timestamp()
        )
        self.projector.start()


@pytest.fixture
def rig() -> Iterator[Rig]:
    own = Rig()
    yield own
    own.projector.close()


def of(*key: str, day: str = TODAY) -> Document:
    return Document(OrderFunnelDay, key, day)


def is_up() -> float | None:
    return REGISTRY.get_sample_value("daybook_live_up", {"group": "rig"})


def test_only_today_and_the_last_half_hour_are_shown(rig: Rig) -> None:
    """So what is counted of old history never looks as if it happened now."""
    rig.projector.counted(batch(NOW_MS - 40 * 60_000), [of("old", day="2026-11-20")])
    rig.projector.counted(batch(NOW_MS - 40 * 60_000, NOW_MS - 1), [of("new")])
    rig.projector.counted(batch(), [Document(RevenueDay, (), TODAY)])
    rig.projector.close()
    assert set(rig.store.entries) == {str(NOW_MS - 1)}
    assert set(rig.store.hashes) == {of("new").id}


def test_a_redis_that_is_away_is_told_and_gets_everything_when_it_is_back(rig: Rig) -> None:
    def away() -> None:
        raise ConnectionError("nobody listens")

    rig.store.trouble = away
    rig.projector.counted(batch(NOW_MS - 2), [of("a")])
    until(lambda: is_up() == 0, "the metric says so")
    rig.projector.counted(batch(NOW_MS - 1), [of("b")])
    rig.store.trouble = lambda: None
    until(lambda: is_up() == 1, "it goes on")
    assert set(rig.store.entries) == {str(NOW_MS - 2), str(NOW_MS - 1)}
    assert {of("a").id, of("b").id} <= set(rig.store.hashes)


def test_a_redis_that_does_not_answer_holds_nobody_up(rig: Rig) -> None:
    asked, answer = Signal(), Signal()

    def hang() -> None:
        asked.set()
        answer.wait(60)

    rig.store.trouble = hang
    rig.projector.counted(batch(NOW_MS), [of("a")])
    assert asked.wait(10)
    for n in range(3):
        rig.projector.counted(batch(NOW_MS + n), [of(f"b{n}")])
    assert not rig.store.hashes
    rig.store.trouble = lambda: None
    answer.set()
    until(lambda: {of(f"b{n}").id for n in range(3)} <= set(rig.store.hashes), "all is shown")


def test_a_redis_that_was_emptied_is_shown_again_what_is_remembered(rig: Rig) -> None:
    rig.projector.counted(batch(NOW_MS), [of("a")])
    until(lambda: rig.store.entries, "it is shown")
    until(lambda: rig.store.refreshed == 1, "it has settled")
    rig.store.entries, rig.store.emptied = {}, True
    rig.documents.today = [of("a"), of("nobody touches")]
    rig.projector.refreshes_all(True)
    until(lambda: len(rig.store.hashes) == 2, "today's documents are shown again")
    assert rig.store.entries == {str(NOW_MS): NOW_MS}


def test_today_is_shown_again_by_the_member_that_was_chosen_and_at_once(rig: Rig) -> None:
    rig.documents.today = [of("a")]
    until(lambda: rig.store.refreshed == 1, "it looked")
    rig.projector.refreshes_all(False)
    assert not rig.store.hashes
    rig.projector.refreshes_all(True)
    until(lambda: rig.store.hashes, "it did its part")


def test_what_waits_is_bounded_and_what_finds_no_room_is_counted() -> None:
    buffer = LiveBuffer("bounded")
    kinds = {kind: {"group": "bounded", "kind": kind} for kind in ("events", "documents")}
    every = [of(f"{n}") for n in range(DOCUMENTS_MAX + 10)]
    buffer.add(batch(*range(EVENTS_MAX)), every[:100], 0, TODAY)
    buffer.add(batch(*range(EVENTS_MAX, EVENTS_MAX + 7)), every, 0, TODAY)
    documents, events = buffer.take()
    assert len(documents) == DOCUMENTS_MAX
    assert [events[0].appended_ms, events[-1].appended_ms] == [7, EVENTS_MAX + 6]
    dropped = {k: REGISTRY.get_sample_value("daybook_live_dropped_total", v)
               for k, v in kinds.items()}  # fmt: skip
    assert dropped == {"events": 7, "documents": 10}
    assert buffer.take() == (set(), [])


def test_a_day_ends_in_its_zone() -> None:
    """The night in which the clock goes back is an hour longer."""
    day_ms = 24 * 3_600_000
    before, longer = (day_end_ms(date(2026, 10, day), BERLIN) for day in (24, 25))
    assert longer - before == day_ms + 3_600_000
    assert before == int(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp() * 1000)


def test_an_address_that_cannot_be_read_is_named() -> None:
    with pytest.raises(WrongSetting, match="DAYBOOK_REDIS_URL"):
        LiveStore(Settings.model_validate({"redis_url": "localhost"}), "rig")
