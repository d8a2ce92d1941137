"""Counted documents and events that wait to be written to Redis, in bounded buffers."""

from collections import deque
from collections.abc import Collection
from threading import Lock
from typing import NamedTuple

from daybook.engine.batch import Batch
from daybook.engine.documents.change import Document
from daybook.engine.documents.fields import Event
from daybook.engine.metrics import LIVE_DROPPED

DOCUMENTS_MAX = 10_000
EVENTS_MAX = 10_000


class TimedEvent(NamedTuple):
    """An event, and when the broker appended it (ms since 1970)."""

    event: Event
    appended_ms: int


class LiveBuffer:
    """Filled by the member's loop, emptied by the projector's thread.

    When full it drops and counts entries: while Redis is away, live numbers are lost, not memory.
    """

    def __init__(self, group: str) -> None:
        self._group = group
        self._lock = Lock()
        self._documents: set[Document] = set()
        self._events: deque[TimedEvent] = deque(maxlen=EVENTS_MAX)

    def add(
        self, batch: Batch, documents: Collection[Document], since_ms: int, since_day: str
    ) -> None:
        """Adds documents, and the batch's events that were appended since `since_ms` and occurred
        on `since_day` or later."""
        recent = self._recent(batch, since_ms, since_day)
        with self._lock:
            self._add_documents(documents)
            dropped = len(self._events) + len(recent) - EVENTS_MAX
            self._events.extend(recent)
        LIVE_DROPPED.labels(self._group, "events").inc(max(0, dropped))

    def put_back(self, documents: Collection[Document]) -> None:
        """Adds documents that could not be written, for another try."""
        with self._lock:
            self._add_documents(documents)

    def take(self) -> tuple[set[Document], list[TimedEvent]]:
        """Removes and returns everything in the buffer."""
        with self._lock:
            documents, self._documents = self._documents, set()
            events = list(self._events)
            self._events.clear()
        return documents, events

    def _add_documents(self, documents: Collection[Document]) -> None:
        room = DOCUMENTS_MAX - len(self._documents)
        if len(documents) <= room:
            self._documents.update(documents)
            return
        new = [document for document in documents if document not in self._documents]
        self._documents.update(new[:room])
        LIVE_DROPPED.labels(self._group, "documents").inc(max(0, len(new) - room))

    @staticmethod
    def _recent(batch: Batch, since_ms: int, since_day: str) -> list[TimedEvent]:
        # A batch of old messages, as in catching up, costs one comparison.
        if not batch.events or batch.appended_ms[-1] < since_ms:
            return []
        columns = zip(batch.events, batch.appended_ms, batch.day_hours, strict=True)
        recent = [
            TimedEvent(event, appended_ms)
            for event, appended_ms, day_hour in columns
            if appended_ms >= since_ms and day_hour.day >= since_day
        ]
        return recent[-EVENTS_MAX:]
