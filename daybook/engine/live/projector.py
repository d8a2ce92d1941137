"""Shows in Redis what was counted, from a thread of its own: counting never waits for it."""

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
from daybook.engine.live.buffer import EVENTS_MAX, Arrived, LiveBuffer
from daybook.engine.live.documents import LiveDocuments
from daybook.engine.live.gather import gather
from daybook.engine.live.outbox import Outbox
from daybook.engine.live.store import LiveStore
from daybook.engine.metrics import LIVE_REFRESHED, LIVE_UP

log = structlog.get_logger()

TURN_SECONDS = 0.2
"""And up to half as much again, by chance, so that no member is always a moment too late."""

AWAY_SECONDS = 1.0
CLOSE_SECONDS = 2.0
WINDOW_MS = 30 * 60_000
"""Events appended earlier are history: no sorted set keeps any as long."""


class Projector:
    """Nothing that goes wrong here, or takes its time, is felt by the member that counts."""

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
        self._shown = deque[Arrived](maxlen=EVENTS_MAX)
        self._is_whole = True
        self._refreshes_all = False
        self._next_refresh = self._away_until = 0.0
        self._is_up: bool | None = None
        self._closing = Event()
        self._thread = Thread(target=self._run, name="projector", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def counted(self, batch: Batch, documents: Collection[Document]) -> None:
        """A batch is durable. Only what is of today, or arrived a moment ago, is looked at."""
        today = self._day(self._now_ms()).isoformat()
        touched = [d for d in documents if d.day == today and d.model in self._live.totals]
        since_ms = self._now_ms() - WINDOW_MS
        self._buffer.add(batch, touched, since_ms, self._day(since_ms).isoformat())

    def refreshes_all(self, is_chosen: bool) -> None:
        """Whether it falls to this member to show again what nobody touches; at once, if so."""
        if is_chosen and not self._refreshes_all:
            self._next_refresh = 0.0
        self._refreshes_all = is_chosen

    def close(self) -> None:
        """Shows what is left, if that is done within two seconds."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)
        self._store.close()

    def _run(self) -> None:
        while not self._closing.wait(TURN_SECONDS * (1 + random() / 2)):
            self._turn()
        self._turn()

    def _turn(self) -> None:
        """Whatever goes wrong, the next turn begins from what is durable."""
        if monotonic() < self._away_until:
            return
        touched, events = self._buffer.take()
        try:
            self._show(touched, events)
            if monotonic() >= self._next_refresh:
                self._refresh()
            self._outbox.send(self._store)
        except Exception as error:
            self._is_whole = False
            self._buffer.put_back(touched)
            self._next_refresh = 0.0
            self._away_until = monotonic() + AWAY_SECONDS
            self._log_state(False, f"{type(error).__name__}: {str(error)[:200]}")
        else:
            self._log_state(True)

    def _show(self, touched: Collection[Document], events: Iterable[Arrived]) -> None:
        self._shown.extend(events)
        again = events if self._is_whole else list(self._shown)
        now_ms = self._now_ms()
        entries, presences = gather(
            sign
            for event, at_ms in again
            for sign in self._live.signs(event, at_ms)
            if sign.at_ms > now_ms - sign.window_ms
        )
        self._store.enter(entries)
        self._store.move(presences)
        self._is_whole = True
        self._overwrite(self._documents.read(touched))

    def _refresh(self) -> None:
        """Emptied meanwhile: what is remembered of events is shown again."""
        if self._store.was_emptied():
            self._is_whole = False
            self._show((), ())
        if self._refreshes_all:
            self._overwrite(self._documents.of_day(self._day(self._now_ms())))
            LIVE_REFRESHED.labels(self._group).set(self._clock())
        self._next_refresh = monotonic() + self._refresh_seconds

    def _overwrite(self, several: Iterable[list[Totals]]) -> None:
        """Of a day that ended since it was asked for, nothing is shown."""
        for some in several:
            today = self._day(self._now_ms())
            end_ms = day_end_ms(today, self._zone)
            current = [one for one in some if one.date == today.isoformat()]
            reach("before_live")
            self._outbox.add(self._store.overwrite(current, end_ms))

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _day(self, at_ms: int) -> date:
        return datetime.fromtimestamp(at_ms / 1000, self._zone).date()

    def _log_state(self, is_up: bool, why: str = "") -> None:
        LIVE_UP.labels(self._group).set(is_up)
        if not is_up and self._is_up is not False:
            log.warning("live numbers stand still", group=self._group, why=why)
        elif is_up and self._is_up is False:
            log.info("live numbers go on", group=self._group)
        self._is_up = is_up


def day_end_ms(day: date, zone: ZoneInfo) -> int:
    """When the day is over in the zone, in milliseconds since 1970."""
    end = datetime.combine(day + timedelta(days=1), time_of_day.min, zone)
    return int(end.timestamp() * 1000)
