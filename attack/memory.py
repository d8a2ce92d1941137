"""Watches the memory of the fleet's processes."""

from collections.abc import Sequence
from threading import Event, Thread
from typing import Self

from attack.process import DaybookProcess

_SECONDS = 0.2


class MemoryWatch:
    """Samples resident memory in a thread while it is entered."""

    def __init__(self, processes: Sequence[DaybookProcess]) -> None:
        self._processes = processes
        self._peaks: dict[str, float] = {}
        self._done = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Forgets the peaks so far."""
        self._peaks = {}

    def peaks(self) -> dict[str, float]:
        """The most memory of each process since `begin`, in MiB, by name."""
        self._sample()
        return dict(self._peaks)

    def _run(self) -> None:
        while not self._done.wait(_SECONDS):
            self._sample()

    def _sample(self) -> None:
        for process in self._processes:
            mib = process.rss_mib()
            self._peaks[process.name] = max(mib, self._peaks.get(process.name, 0.0))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
