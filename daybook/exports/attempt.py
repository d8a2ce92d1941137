"""Runs one job from its claim to its end, in a thread, while the member keeps polling Kafka."""

import asyncio
from datetime import UTC, datetime
from threading import Event
from time import monotonic

import structlog

from daybook.engine.errors import StartAgain, Unavailable
from daybook.engine.failpoints import reach
from daybook.exports.job import Job
from daybook.exports.job_store import Claim, Jobs
from daybook.exports.make import Maker, Unwanted
from daybook.exports.metrics import ATTEMPTS_FAILED, EXPORT_SECONDS, EXPORTS
from daybook.exports.notices.announce import Announcer
from daybook.files.store import Files, NoRoom
from daybook.query.problem import Problem

FAILURES_MAX = 3
ATTEMPTS_MAX = 10
_PAUSE_SECONDS = 0.5
_INTERNAL_ERROR = "internal error while the file was made; see the worker's log"
_log = structlog.get_logger()


class Attempt:
    """Runs one job. After Unavailable, call `run` again: it continues with the same claim."""

    def __init__(
        self, job: Job, jobs: Jobs, files: Files, maker: Maker, announcer: Announcer
    ) -> None:
        self.job = job
        self._jobs = jobs
        self._files = files
        self._maker = maker
        self._announcer = announcer
        self._claim: Claim | None = None
        self._stopped = Event()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Ends the job and announces it, once. Does nothing for a job that has ended before.

        Raises Unavailable, StartAgain; Unwanted after `stop`.
        """
        self._claim = self._claim or self._begin()
        if self._claim:
            self._end(self._claim)
        document = self._jobs.find(self.job)
        if document and document["status"] != "processing" and not document["is_told"]:
            self._announcer.announce(document)
            self._jobs.mark_notified(self.job)

    def _begin(self) -> Claim | None:
        """Claims the job and removes the files of earlier attempts; None if it has ended."""
        claim = self._jobs.claim(self.job)
        for attempt in range(1, claim.attempt if claim else 1):
            name = self.job.file(attempt)
            (self._files.scratch() / name).unlink(missing_ok=True)
            self._files.remove(name)
        return claim

    def _end(self, claim: Claim) -> None:
        if claim.attempt > ATTEMPTS_MAX:
            self._fail(claim, f"the worker ended {ATTEMPTS_MAX} times while it made the file")
            return
        while True:
            try:
                self._make(claim)
                return
            except (StartAgain, Unavailable, Unwanted):
                raise
            except Exception as error:
                reason = _reason(error)
                ATTEMPTS_FAILED.inc()
                _log.warning(
                    "an export failed", kind=type(error).__name__, exc_info=_traceback(error)
                )
                if self._jobs.failed_once(claim) >= FAILURES_MAX:
                    self._fail(claim, reason)
                    return
                if self._stopped.wait(_PAUSE_SECONDS):
                    raise Unwanted from error

    def _make(self, claim: Claim) -> None:
        began, name = monotonic(), self.job.file(claim.attempt)
        path = self._files.scratch() / name
        try:
            rows = asyncio.run(self._maker.make(self.job, path, datetime.now(UTC), self._is_wanted))
            size_bytes = path.stat().st_size
            reach("before_file")
            self._files.put(path, name)
        finally:
            path.unlink(missing_ok=True)
        reach("after_file")
        if not self._jobs.completed(claim, size_bytes, rows, datetime.now(UTC)):
            # Another worker has started a newer attempt, whose file is the valid one.
            self._files.remove(name)
            return
        EXPORT_SECONDS.labels(self.job.report_type).observe(monotonic() - began)
        EXPORTS.labels("completed").inc()
        reach("before_notice")

    def _fail(self, claim: Claim, reason: str) -> None:
        if self._jobs.failed(claim, reason, datetime.now(UTC)):
            EXPORTS.labels("failed").inc()

    def _is_wanted(self) -> bool:
        return not self._stopped.is_set()


def _reason(error: Exception) -> str:
    """The reason for the requester, which contains neither data nor internals."""
    if isinstance(error, Problem):
        return error.detail
    return str(error) if isinstance(error, NoRoom) else _INTERNAL_ERROR


def _traceback(error: Exception) -> tuple[type[Exception], Exception, object]:
    """The error's type and traceback without its message, which may contain personal data."""
    return RuntimeError, RuntimeError(type(error).__name__), error.__traceback__
