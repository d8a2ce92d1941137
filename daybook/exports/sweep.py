"""Removes expired and orphaned files and old jobs, at start and every minute."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import structlog

from daybook.engine.errors import DaybookError
from daybook.exports.job_store import FILE_LIFETIME, Jobs
from daybook.exports.metrics import FILES_REMOVED
from daybook.files.private import discard
from daybook.files.store import Files, StoredFile

SECONDS = 60.0
_EXPORT_NAME = re.compile(r"^[0-9a-f]{32}-[0-9]+\.(csv|xlsx|pdf|json)$")
_CHUNK_FILES = 500
_log = structlog.get_logger()


def sweep(jobs: Jobs, files: Files, now: datetime) -> None:
    """Removes files of expired jobs, files that no job refers to, unfinished files, and old jobs.

    Several workers may sweep at the same time. Raises Unavailable.
    """
    for name in jobs.expire(now):
        files.remove(name)
        FILES_REMOVED.labels("expired").inc()
    oldest = now - FILE_LIFETIME
    old = (file for file in files.list() if _EXPORT_NAME.match(file.name) and file.at < oldest)
    for chunk in _chunks(old):
        existing = jobs.existing_files([file.name for file in chunk])
        for file in chunk:
            if file.name not in existing:
                files.remove(file.name)
                FILES_REMOVED.labels("orphaned").inc()
    _remove_unfinished(files.scratch(), now)
    jobs.delete_old(now)


def _remove_unfinished(scratch: Path, now: datetime) -> None:
    """Removes unfinished files of workers that died, and the parts from which they make them."""
    oldest = (now - FILE_LIFETIME).timestamp()
    for path in scratch.iterdir():
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < oldest:
                discard(path)


def _chunks(files: Iterable[StoredFile]) -> Iterator[list[StoredFile]]:
    remaining = iter(files)
    while chunk := list(islice(remaining, _CHUNK_FILES)):
        yield chunk


class Sweeper:
    """Sweeps in a separate thread."""

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
            except (DaybookError, OSError) as error:
                _log.warning("sweep failed", why=str(error))
            if self._stopped.wait(SECONDS):
                return
