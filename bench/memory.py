"""Watches the memory of this process and its children together."""

from pathlib import Path
from threading import Event, Thread

import psutil

_KIB_IN_MIB = 1024
_SECONDS = 0.1


class Watch:
    """While it is entered, looks ten times a second; `peak_mib` is the most it has seen.

    It adds up proportional set sizes, so that a page which processes share counts once.
    """

    def __init__(self) -> None:
        self.peak_mib = 0.0
        self._is_over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        own = psutil.Process()
        while not self._is_over.wait(_SECONDS):
            processes = [own, *own.children(recursive=True)]
            self.peak_mib = max(self.peak_mib, sum(_mib(process.pid) for process in processes))


def _mib(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) / _KIB_IN_MIB for line in lines if line.startswith("Pss:"))
