"""What waits to be shown: bounded, so that a Redis that is away costs numbers and never memory."""

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


class Arrived(NamedTuple):
    """An event, and when the broker appended it."""

    event: Event
    appended_ms: int


class LiveBuffer:
    """Filled by the member's loop, emptied by the projector's thread."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._lock = Lock()
        self._documents: set[Document] = set()
        self._events: deque[Arrived] = deque(maxlen=EVENTS_MAX)

    def add(
        self, batch: Batch, documents: Collection[Document], since_ms: int, since_day: str
    ) -> None:
        """Documents, and the batch's events that were appended since then and are not older."""
        recent = self._recent(batch, since_ms, since_day)
        with self._lock:
            self._keep(documents)
            too_many = len(self._events) + len(recent) - EVENTS_MAX
            self._events.extend(recent)
        LIVE_DROPPED.labels(self._group, "events").inc(max(0, too_many))

    def put_back(self, documents: Collection[Document]) -> None:
        """What could not be shown, for another try."""
        with self._lock:
            self._keep(documents)

    def take(self) -> tuple[set[Document], list[Arrived]]:
        """All there is; it is gone from here."""
        with self._lock:
            documents, self._documents = self._documents, set()
            events = list(self._events)
            self._events.clear()
        return documents, events

    def _keep(self, documents: Collection[Document]) -> None:
        room = DOCUMENTS_MAX - len(self._documents)
        if len(documents) <= room:
            self._documents.update(documents)
            return
        new = [document for document in documents if document not in self._documents]
        self._documents.update(new[:room])
        LIVE_DROPPED.labels(self._group, "documents").inc(max(0, len(new) - room))

    @staticmethod
    def _recent(batch: Batch, since_ms: int, since_day: str) -> list[Arrived]:
        """Nothing of a batch that is all history, at the cost of one look."""
        if not batch.events or batch.appended_ms[-1] < since_ms:
            return []
        columns = zip(batch.events, batch.appended_ms, batch.day_hours, strict=True)
        found = [Arrived(e, at) for e, at, s in columns if at >= since_ms and s.day >= since_day]
        return found[-EVENTS_MAX:]
