"""Runs requested jobs one at a time, in a thread that the member does not wait for."""

from concurrent.futures import Future, wait
from threading import Thread

from pymongo.errors import PyMongoError

from daybook.engine.batch import Batch
from daybook.engine.errors import NAMED, InProgress
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
    """Settles the batches of all the member's partitions. It belongs to the member's thread.

    It stops an attempt as soon as the member settles another job.
    """

    def __init__(
        self,
        dead_letters: DeadLetters,
        jobs: Jobs,
        files: Files,
        maker: Maker,
        announcer: Announcer,
    ) -> None:
        self._dead_letters = dead_letters
        self._jobs = jobs
        self._files = files
        self._maker = maker
        self._announcer = announcer
        self._attempt: Attempt | None = None
        self._running: Future[None] | None = None
        self._ended: set[str] = set()

    def settle(self, batch: Batch) -> Settled:
        """Raises InProgress while a job is running; Unavailable, TooManyFaults.

        An order for a job at which the code raises becomes a dead letter. What a file system or a
        server raises is no fault of the order.
        """
        self._dead_letters.write(batch)
        faults: list[tuple[int, Exception]] = []
        for index, event in enumerate(batch.events):
            try:
                if event["event_type"] == "export.requested":
                    self._run(job_of(event))
            except (*NAMED, OSError, PyMongoError):
                raise
            except Exception as error:
                self._abandon()
                faults.append((index, error))
        batch.bury(faults)
        self._dead_letters.write(batch)
        self._ended.clear()
        return Settled()

    def _run(self, job: Job) -> None:
        if job.id in self._ended:
            return
        if self._attempt is None or self._attempt.job != job:
            self._abandon()
            self._attempt = Attempt(job, self._jobs, self._files, self._maker, self._announcer)
        if self._running is None:
            self._running = _started(self._attempt)
        # Wait for a quick file, because polling while paused discards prefetched messages.
        if not wait([self._running], _QUICK_SECONDS).done:
            raise InProgress
        done, self._running = self._running, None
        done.result()
        self._attempt = None
        self._ended.add(job.id)

    def _abandon(self) -> None:
        """Stops an attempt whose partition now belongs to another member, which starts it again."""
        if self._attempt:
            self._attempt.stop()
        self._attempt, self._running = None, None
        self._ended.clear()


def _started(attempt: Attempt) -> Future[None]:
    """Runs the attempt in a daemon thread, which does not keep the process from exiting."""
    future: Future[None] = Future()

    def run() -> None:
        try:
            attempt.run()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(None)

    Thread(target=run, name="export", daemon=True).start()
    return future
