"""Watches every watermark and checkpoint during a scenario."""

from threading import Event, Thread
from typing import Any, Self

from pymongo.errors import PyMongoError

from daybook.engine.mongo.client import Documents

SECONDS = 0.1


class Watch:
    """Samples them in a thread, and notes each that goes back."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._newest: dict[tuple[str, ...], int] = {}
        self._went_back: list[str] = []
        self._samples = 0
        self._done = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def assert_never_back(self) -> None:
        assert self._samples, "nothing was sampled"
        assert not self._went_back, self._went_back

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(SECONDS):
            try:
                self._sample()
            except PyMongoError:
                continue  # the scenario stopped the server
        self._sample()

    def _sample(self) -> None:
        for checkpoint in self._documents["_daybook"].find({"offset": {"$exists": True}}):
            self._check((checkpoint["_id"],), checkpoint["offset"])
        for collection in ("analytics_revenue", "analytics_order_funnel"):
            for document in self._documents[collection].find({}, {"_daybook": 1}):
                self._check_watermarks(collection, document)
        self._samples += 1

    def _check_watermarks(self, collection: str, document: dict[str, Any]) -> None:
        for topic_id, marks in document["_daybook"]["applied"].items():
            for partition, offset in marks.items():
                self._check((collection, document["_id"], topic_id, partition), offset)

    def _check(self, what: tuple[str, ...], offset: int) -> None:
        if offset < self._newest.get(what, -1):
            self._went_back.append(f"{' '.join(what)}: {self._newest[what]}, then {offset}")
        self._newest[what] = offset
