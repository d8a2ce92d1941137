"""Settles what was asked for: one job at a time, in a thread that the member does not wait for."""

from concurrent.futures import Future, wait
from threading import Thread

from daybook.engine.batch import Batch
from daybook.engine.errors import InProgress
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.protocol.settle import Settled
from daybook.exports.attempt import Attempt
from daybook.exports.job import Job, job_of
from daybook.exports.job_store import Jobs
from daybook.exports.make import Maker
from daybook.exports.notices.announce import Announcer
from daybook.files.store import Files

_QUICK_SECONDS = 0.5


class Worker:
    """Of the member's thread, for all its partitions. A job that is left alone is stopped."""

    def __init__(
        self, letters: DeadLetters, jobs: Jobs, files: Files, maker: Maker, announcer: Announcer
    ) -> None:
        self._letters = letters
        self._jobs = jobs
        self._files = files
        self._maker = maker
        self._announcer = announcer
        self._work: Attempt | None = None
        self._running: Future[None] | None = None
        self._ended: set[str] = set()

    def settle(self, batch: Batch) -> Settled:
        """Raises InProgress while a job is being done; Unavailable."""
        self._letters.write(batch)
        for event in batch.events:
            if event["event_type"] == "export.requested":
                self._do(job_of(event))
        self._ended.clear()
        return Settled()

    def _do(self, job: Job) -> None:
        if job.id in self._ended:
            return
        if self._work is None or self._work.job != job:
            self._leave()
            self._work = Attempt(job, self._jobs, self._files, self._maker, self._announcer)
        if self._running is None:
            self._running = _started(self._work)
        # Polling while paused throws away what was read ahead: not for a file that is quick.
        if not wait([self._running], _QUICK_SECONDS).done:
            raise InProgress
        done, self._running = self._running, None
        done.result()
        self._work = None
        self._ended.add(job.id)

    def _leave(self) -> None:
        """The partition went to another member, which begins the job anew."""
        if self._work:
            self._work.stop()
        self._work, self._running = None, None
        self._ended.clear()


def _started(work: Attempt) -> Future[None]:
    """In a thread that does not keep the process from ending."""
    future: Future[None] = Future()

    def run() -> None:
        try:
            work.run()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(None)

    Thread(target=run, name="export", daemon=True).start()
    return future
