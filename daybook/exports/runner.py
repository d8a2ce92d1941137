"""Makes the files of waiting jobs, one at a time, each organization in its turn."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Event, Thread

import structlog

from daybook.engine.errors import DaybookError, OutdatedClient, Unavailable
from daybook.exports.attempt import Attempt, traceback_of
from daybook.exports.job_store import Claim, Jobs
from daybook.exports.make import Unwanted

RENEW_SECONDS = 5.0
_POLL_SECONDS = 1.0
_FAULT_SECONDS = 5.0
_ORGANIZATIONS_MAX = 10_000
_log = structlog.get_logger()


class Rotation:
    """Which organization is next: of those that wait, the one served longest ago."""

    def __init__(self) -> None:
        self._served: OrderedDict[str, None] = OrderedDict()

    def next(self, waiting: Sequence[str]) -> str:
        """`waiting` is not empty; of those never served, its first one is next."""
        never = [organization for organization in waiting if organization not in self._served]
        chosen = never[0] if never else next(one for one in self._served if one in set(waiting))
        self._served[chosen] = None
        self._served.move_to_end(chosen)
        if len(self._served) > _ORGANIZATIONS_MAX:
            self._served.popitem(last=False)
        return chosen


class Runner:
    """Works in threads of its own. `failure` is why it has ended by itself, if it has.

    While a server is unavailable it keeps its job and tries again. `on_failure` is called once it
    cannot go on.
    """

    def __init__(
        self,
        jobs: Jobs,
        attempt_at: Callable[[Claim], Attempt],
        on_failure: Callable[[], None],
    ) -> None:
        self._jobs = jobs
        self._attempt_at = attempt_at
        self._on_failure = on_failure
        self._rotation = Rotation()
        self._attempt: Attempt | None = None
        self._woken = Event()
        self._stopped = Event()
        self._has_ended = Event()
        self._has_ended.set()
        self._is_waiting = False
        self.failure: DaybookError | None = None

    def start(self) -> None:
        self._has_ended.clear()
        Thread(target=self._run, name="exports", daemon=True).start()

    def wake(self) -> None:
        """Looks for a job now."""
        self._woken.set()

    def finish(self, grace_seconds: float, abandon_seconds: float) -> None:
        """Takes no more jobs, gives the one in progress `grace_seconds`, and then gives it back."""
        self._stopped.set()
        self._woken.set()
        if not self._has_ended.wait(grace_seconds) and (attempt := self._attempt):
            attempt.stop()
            self._has_ended.wait(abandon_seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._work()
            except DaybookError as error:
                self.failure = error
                self._on_failure()
                break
            except Exception as error:
                # One job must not end the worker: its lease ends, and its attempts are counted.
                kind = type(error).__name__
                _log.error("an export failed", kind=kind, exc_info=traceback_of(error))
                self._attempt = None
                self._stopped.wait(_FAULT_SECONDS)
        self._has_ended.set()

    def _work(self) -> None:
        """Makes a file, or waits for a job. Raises DaybookError for what no waiting mends."""
        try:
            self._attempt = self._attempt or self._next()
            if self._attempt is None:
                self._woken.wait(_POLL_SECONDS)
                self._woken.clear()
                return
            self._make(self._attempt)
            self._attempt = None
        except OutdatedClient:
            raise  # whoever starts the process again gives it a client that knows the servers
        except Unavailable as error:
            if not self._is_waiting:
                self._is_waiting = True
                _log.warning("waiting for a server", why=str(error))
            self._stopped.wait(_POLL_SECONDS)
            return
        except Unwanted:
            self._attempt = None
        if self._is_waiting:
            self._is_waiting = False
            _log.info("resumed")

    def _next(self) -> Attempt | None:
        waiting = self._jobs.waiting_organizations()
        claim = self._jobs.claim(self._rotation.next(waiting)) if waiting else None
        return self._attempt_at(claim) if claim else None

    def _make(self, attempt: Attempt) -> None:
        """Runs the attempt while its lease is renewed. Raises Unwanted if it was given up."""
        if not self._jobs.renew(attempt.claim):
            raise Unwanted
        running = _started(attempt)
        while not wait([running], RENEW_SECONDS).done:
            with suppress(Unavailable):
                if not self._jobs.renew(attempt.claim):
                    attempt.stop()
        try:
            running.result()
        except Unwanted:
            self._jobs.release(attempt.claim)
            raise


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
