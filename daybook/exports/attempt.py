"""Runs one job from its claim to its end, in a thread, while the member keeps polling Kafka."""

import asyncio
from datetime import UTC, datetime
from threading import Event
from time import monotonic

import structlog

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.engine.failpoints import reach
from daybook.exports.job_store import Claim, Jobs
from daybook.exports.make import Maker, TooLarge, Unwanted
from daybook.exports.metrics import ATTEMPTS_FAILED, EXPORT_SECONDS, EXPORTS
from daybook.exports.notices.announce import Announcer
from daybook.files.private import discard, make_file
from daybook.files.store import Files, NoRoom
from daybook.query.problem import Problem, TookTooLong

FAILURES_MAX = 3
ATTEMPTS_MAX = 10
INTERRUPTIONS_MAX = 10
"""How often a server may become unavailable while rows are read, after which the file would be
begun anew for ever. An outage before the first row does not count."""

_PAUSE_SECONDS = 0.5
_INTERRUPTED = f"a server became unavailable {INTERRUPTIONS_MAX} times while the file was made"
_INTERNAL_ERROR = "internal error while the file was made; see the worker's log"
_log = structlog.get_logger()


class Attempt:
    """Runs one job. After Unavailable, call `run` again: it continues with the same claim."""

    def __init__(
        self, claim: Claim, jobs: Jobs, files: Files, maker: Maker, announcer: Announcer
    ) -> None:
        self.claim = claim
        self._jobs = jobs
        self._files = files
        self._maker = maker
        self._announcer = announcer
        self._stopped = Event()
        self._has_read_rows = False
        self._interruptions = 0

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Ends the job, unless it has ended before, and announces it, once.

        Raises Unavailable; Unwanted after `stop`.
        """
        job = self.claim.job
        document = self._jobs.find(job)
        if document and document["status"] == "processing":
            self._remove_earlier_files()
            self._end(self.claim)
            document = self._jobs.find(job)
        if document and document["status"] != "processing" and not document["is_told"]:
            self._announcer.announce(document)
            self._jobs.mark_notified(job)

    def _remove_earlier_files(self) -> None:
        for attempt in range(1, self.claim.attempt):
            name = self.claim.job.file(attempt)
            for unfinished in self._files.scratch().glob(f"{name}*"):
                discard(unfinished)
            self._files.remove(name)

    def _end(self, claim: Claim) -> None:
        if claim.attempt > ATTEMPTS_MAX:
            self._fail(claim, f"the worker ended {ATTEMPTS_MAX} times while it made the file")
            return
        while True:
            try:
                self._make(claim)
                return
            except Unwanted:
                raise
            except Exception as error:
                if isinstance(error, WrongSetting) or self._may_wait(error):
                    raise
                reason = _reason(error)
                ATTEMPTS_FAILED.inc()
                _log.warning(
                    "an export failed", kind=type(error).__name__, exc_info=traceback_of(error)
                )
                failures = self._jobs.failed_once(claim)
                if failures >= FAILURES_MAX or isinstance(error, TooLarge) or _is_outage(error):
                    self._fail(claim, reason)
                    return
                if self._stopped.wait(_PAUSE_SECONDS):
                    raise Unwanted from error

    def _make(self, claim: Claim) -> None:
        job = claim.job
        began, name = monotonic(), job.file(claim.attempt)
        path = self._files.scratch() / name
        self._has_read_rows = False
        try:
            make_file(path)
            rows = asyncio.run(self._maker.make(job, path, datetime.now(UTC), self._is_wanted))
            self._has_read_rows = False
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
        EXPORT_SECONDS.labels(job.report_type).observe(monotonic() - began)
        EXPORTS.labels("completed").inc()
        reach("before_notice")

    def _may_wait(self, error: Exception) -> bool:
        """Whether a server is unavailable, and the file is not begun anew for ever."""
        if not _is_outage(error):
            return False
        self._interruptions += self._has_read_rows
        return self._interruptions < INTERRUPTIONS_MAX

    def _fail(self, claim: Claim, reason: str) -> None:
        if self._jobs.failed(claim, reason, datetime.now(UTC)):
            EXPORTS.labels("failed").inc()

    def _is_wanted(self) -> bool:
        self._has_read_rows = True
        return not self._stopped.is_set()


def _is_outage(error: Exception) -> bool:
    return isinstance(error, Unavailable) and not isinstance(error, TookTooLong)


def _reason(error: Exception) -> str:
    """The reason for the requester, which contains neither data nor internals."""
    if isinstance(error, Problem):
        return error.detail
    if _is_outage(error):
        return _INTERRUPTED
    return str(error) if isinstance(error, NoRoom | TookTooLong) else _INTERNAL_ERROR


def traceback_of(error: Exception) -> tuple[type[Exception], Exception, object]:
    """The error's type and traceback without its message, which may contain personal data."""
    return RuntimeError, RuntimeError(type(error).__name__), error.__traceback__
