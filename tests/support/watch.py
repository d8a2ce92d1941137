"""Looks at every watermark and checkpoint while a scenario plays."""

from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from pymongo.errors import PyMongoError

from daybook.engine.mongo.client import Documents

SECONDS = 0.1


class Watch:
    """Samples in a thread; what it saw going back is told at the end."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._seen: dict[tuple[str, ...], int] = {}
        self._back: list[str] = []
        self._samples = 0
        self._done = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def assert_never_back(self) -> None:
        assert self._samples, "nothing was watched"
        assert not self._back, self._back

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(SECONDS):
            try:
                self._sample()
            except PyMongoError:
                continue  # the scenario took the server away
        self._sample()

    def _sample(self) -> None:
        for checkpoint in self._documents["_daybook"].find({"offset": {"$exists": True}}):
            self._see((checkpoint["_id"],), checkpoint["offset"])
        for collection in ("analytics_revenue", "analytics_order_funnel"):
            for document in self._documents[collection].find({}, {"_daybook": 1}):
                self._see_marks(collection, document)
        self._samples += 1

    def _see_marks(self, collection: str, document: dict[str, Any]) -> None:
        for topic_id, marks in document["_daybook"]["applied"].items():
            for partition, offset in marks.items():
                self._see((collection, document["_id"], topic_id, partition), offset)

    def _see(self, what: tuple[str, ...], offset: int) -> None:
        if offset < self._seen.get(what, -1):
            self._back.append(f"{' '.join(what)}: {self._seen[what]}, then {offset}")
        self._seen[what] = offset
