"""Writes live numbers to Redis in a thread of its own, so that counting never waits for Redis."""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from random import random
from threading import Event, Thread
from time import monotonic, time
from zoneinfo import ZoneInfo

import structlog

from daybook.engine.batch import Batch
from daybook.engine.documents.change import Document
from daybook.engine.documents.live import Live, Totals
from daybook.engine.failpoints import reach
from daybook.engine.live.buffer import EVENTS_MAX, LiveBuffer, TimedEvent
from daybook.engine.live.documents import LiveDocuments
from daybook.engine.live.gather import gather
from daybook.engine.live.outbox import Outbox
from daybook.engine.live.store import LiveStore
from daybook.engine.metrics import LIVE_REFRESHED, LIVE_UP

log = structlog.get_logger()

TURN_SECONDS = 0.2
"""Plus a random half at most, so that members do not publish in lockstep and starve each other."""

AWAY_SECONDS = 1.0
CLOSE_SECONDS = 2.0
WINDOW_MS = 30 * 60_000
"""Events appended longer ago are not shown: no sorted set keeps members for longer."""


class Projector:
    """The live projection of one member. Its errors and delays never affect the member's counting.

    `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        group: str,
        live: Live,
        store: LiveStore,
        documents: LiveDocuments,
        zone: ZoneInfo,
        refresh_seconds: float,
        clock: Callable[[], float] = time,
    ) -> None:
        self._group = group
        self._live = live
        self._store = store
        self._documents = documents
        self._zone = zone
        self._refresh_seconds = refresh_seconds
        self._clock = clock
        self._buffer = LiveBuffer(group)
        self._outbox = Outbox()
        self._recent_events = deque[TimedEvent](maxlen=EVENTS_MAX)
        self._is_complete = True
        self._refreshes_all = False
        self._forgets = False
        self._next_refresh = self._away_until = 0.0
        self._is_up: bool | None = None
        self._closing = Event()
        self._thread = Thread(target=self._run, name="projector", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def counted(self, batch: Batch, documents: Collection[Document]) -> None:
        """Called after a batch is durable; keeps today's documents and recently appended events."""
        today = self._day(self._now_ms()).isoformat()
        touched = [d for d in documents if d.day == today and d.model in self._live.totals]
        since_ms = self._now_ms() - WINDOW_MS
        self._buffer.add(batch, touched, since_ms, self._day(since_ms).isoformat())

    def refreshes_all(self, is_chosen: bool) -> None:
        """Sets whether this member regularly writes all of today's documents again.

        The first time it does so at once.
        """
        if is_chosen and not self._refreshes_all:
            self._next_refresh = 0.0
        self._refreshes_all = is_chosen

    def forget(self) -> None:
        """Drops totals that wait to be published; all of today's documents are read again."""
        self._forgets = True

    def close(self) -> None:
        """Writes what is left in the buffer, for at most `CLOSE_SECONDS`."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)
        self._store.close()

    def _run(self) -> None:
        while not self._closing.wait(TURN_SECONDS * (1 + random() / 2)):
            self._turn()
        self._turn()

    def _turn(self) -> None:
        """One pass over the buffer; after any error, the next one reads durable documents again."""
        if monotonic() < self._away_until:
            return
        touched, events = self._buffer.take()
        if self._forgets:
            self._forgets = False
            self._outbox = Outbox()
            self._next_refresh = 0.0
        try:
            self._show(touched, events)
            if monotonic() >= self._next_refresh:
                self._refresh()
            self._outbox.send(self._store)
        except Exception as error:
            self._is_complete = False
            self._buffer.put_back(touched)
            self._next_refresh = 0.0
            self._away_until = monotonic() + AWAY_SECONDS
            self._log_state(False, f"{type(error).__name__}: {str(error)[:200]}")
        else:
            self._log_state(True)

    def _show(self, touched: Collection[Document], events: Iterable[TimedEvent]) -> None:
        self._recent_events.extend(events)
        shown = events if self._is_complete else list(self._recent_events)
        now_ms = self._now_ms()
        entries, presences = gather(
            update
            for event, appended_ms in shown
            for update in self._live.updates(event, appended_ms)
            if update.at_ms > now_ms - update.window_ms
        )
        self._store.enter(entries)
        self._store.move(presences)
        self._is_complete = True
        self._overwrite(self._documents.read(touched))

    def _refresh(self) -> None:
        """Writes the recent events again if Redis was emptied, and all documents if it is ours."""
        if self._store.was_emptied():
            self._is_complete = False
            self._show((), ())
        if self._refreshes_all:
            self._overwrite(self._documents.of_day(self._day(self._now_ms())))
            LIVE_REFRESHED.labels(self._group).set(self._clock())
        self._next_refresh = monotonic() + self._refresh_seconds

    def _overwrite(self, batches: Iterable[list[Totals]]) -> None:
        """Writes the totals, except those of a day that ended since they were read."""
        for batch in batches:
            today = self._day(self._now_ms())
            end_ms = day_end_ms(today, self._zone)
            current = [totals for totals in batch if totals.date == today.isoformat()]
            reach("before_live")
            self._outbox.add(self._store.overwrite(current, end_ms))

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _day(self, at_ms: int) -> date:
        return datetime.fromtimestamp(at_ms / 1000, self._zone).date()

    def _log_state(self, is_up: bool, why: str = "") -> None:
        LIVE_UP.labels(self._group).set(is_up)
        if not is_up and self._is_up is not False:
            log.warning("live projection paused", group=self._group, why=why)
        elif is_up and self._is_up is False:
            log.info("live projection resumed", group=self._group)
        self._is_up = is_up


def day_end_ms(day: date, zone: ZoneInfo) -> int:
    """When the day ends in the zone, in milliseconds since 1970."""
    end = datetime.combine(day + timedelta(days=1), time_of_day.min, zone)
    return int(end.timestamp() * 1000)
