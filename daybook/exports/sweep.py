"""Removes what nobody may fetch any more: at start, and every minute."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import structlog

from daybook.engine.errors import Unavailable
from daybook.exports.job_store import EXPIRES, Jobs
from daybook.exports.metrics import FILES_REMOVED
from daybook.files.store import Files, Kept

SECONDS = 60.0
_OURS = re.compile(r"^[0-9a-f]{32}-[0-9]+\.(csv|xlsx|pdf|json)$")
_AT_ONCE = 500
_log = structlog.get_logger()


def sweep(jobs: Jobs, files: Files, now: datetime) -> None:
    """Files of expired jobs, whole and half ones that no job names, and jobs of long ago.

    Of several workers that sweep together each removes what the others do not. Raises Unavailable.
    """
    for name in jobs.expire(now):
        files.remove(name)
        FILES_REMOVED.labels("expired").inc()
    old = (kept for kept in files.kept() if _OURS.match(kept.name) and kept.at < now - EXPIRES)
    for some in _several(old):
        named = jobs.named([kept.name for kept in some])
        for kept in some:
            if kept.name not in named:
                files.remove(kept.name)
                FILES_REMOVED.labels("orphaned").inc()
    _clear(files.scratch(), now)
    jobs.forget(now)


def _clear(scratch: Path, now: datetime) -> None:
    """Of workers that died."""
    latest = (now - EXPIRES).timestamp()
    for path in scratch.iterdir():
        if _OURS.match(path.name) and path.stat().st_mtime < latest:
            path.unlink(missing_ok=True)


def _several(kept: Iterable[Kept]) -> Iterator[list[Kept]]:
    left = iter(kept)
    while some := list(islice(left, _AT_ONCE)):
        yield some


class Sweeper:
    """In a thread of its own."""

    def __init__(
        self, jobs: Jobs, files: Files, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._now = now
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        while True:
            try:
                sweep(self._jobs, self._files, self._now())
            except (Unavailable, OSError) as error:
                _log.warning("not swept", why=str(error))
            if self._stopped.wait(SECONDS):
                return
