"""A job that cannot be made ends with its reason; one that only waits for a server does not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from daybook.engine.errors import Unavailable
from daybook.exports.attempt import FAILURES_MAX, INTERRUPTIONS_MAX, Attempt
from daybook.exports.job_store import Claim, Jobs
from daybook.exports.make import Maker, TooLarge
from daybook.exports.notices.announce import Announcer
from daybook.files.folder import Folder
from daybook.query.problem import TookTooLong
from tests.exports.test_queue import job

LIMIT = "the report took longer than the time limit; use a shorter range"


class OneJob:
    """The queue's part for one claimed job."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {"status": "processing", "is_told": False}
        self.failures = 0

    def find(self, _: object) -> dict[str, Any]:
        return self.document

    def failed_once(self, _: object) -> int:
        self.failures += 1
        return self.failures

    def failed(self, _: object, reason: str, __: object) -> bool:
        self.document |= {"status": "failed", "reason": reason}
        return True

    def mark_notified(self, _: object) -> None:
        self.document["is_told"] = True


class FailingMaker:
    """Fails with each of the errors in turn, and then with the last one, perhaps after rows."""

    def __init__(self, *errors: Exception, reads_rows: bool) -> None:
        self.tries = 0
        self._errors = errors
        self._reads_rows = reads_rows

    async def make(self, _: object, __: object, ___: object, is_wanted: Callable[[], bool]) -> int:
        self.tries += 1
        if self._reads_rows:
            assert is_wanted()
        raise self._errors[min(self.tries, len(self._errors)) - 1]


class Announced:
    def announce(self, document: dict[str, Any]) -> None:
        assert document["status"] == "failed"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daybook.exports.attempt._PAUSE_SECONDS", 0.0)


def run(maker: FailingMaker, directory: Path, runs_max: int) -> tuple[OneJob, int]:
    """The job, and how often its attempt was run until it ended, as a runner does."""
    jobs = OneJob()
    attempt = Attempt(
        Claim(job("acme", 1), 1),
        cast(Jobs, jobs),
        Folder(directory / "files"),
        cast(Maker, maker),
        cast(Announcer, Announced()),
    )
    for number in range(1, runs_max + 1):
        try:
            attempt.run()
        except Unavailable:
            continue
        return jobs, number
    return jobs, runs_max


def test_a_question_that_takes_too_long_fails_after_three_attempts(tmp_path: Path) -> None:
    maker = FailingMaker(TookTooLong(), reads_rows=True)
    jobs, runs = run(maker, tmp_path, 50)
    assert (maker.tries, runs) == (FAILURES_MAX, 1)
    assert jobs.document == {"status": "failed", "is_told": True, "reason": LIMIT}


def test_a_file_that_takes_longer_than_any_may_fails_at_once(tmp_path: Path) -> None:
    maker = FailingMaker(TooLarge(), reads_rows=True)
    jobs, _ = run(maker, tmp_path, 50)
    assert maker.tries == 1
    assert "longer than an hour" in jobs.document["reason"]


def test_an_outage_before_the_first_row_is_waited_for(tmp_path: Path) -> None:
    maker = FailingMaker(Unavailable("MongoDB does not answer"), reads_rows=False)
    jobs, _ = run(maker, tmp_path, 5 * INTERRUPTIONS_MAX)
    assert maker.tries == 5 * INTERRUPTIONS_MAX
    assert (jobs.document["status"], jobs.failures) == ("processing", 0)


def test_a_file_that_is_interrupted_each_time_is_not_begun_for_ever(tmp_path: Path) -> None:
    maker = FailingMaker(Unavailable("MongoDB does not answer"), reads_rows=True)
    jobs, runs = run(maker, tmp_path, 5 * INTERRUPTIONS_MAX)
    assert maker.tries == runs == INTERRUPTIONS_MAX
    assert f"unavailable {INTERRUPTIONS_MAX} times" in jobs.document["reason"]


def test_nothing_unfinished_is_left(tmp_path: Path) -> None:
    run(FailingMaker(TookTooLong(), reads_rows=True), tmp_path, 5)
    assert list((tmp_path / "files" / "unfinished").iterdir()) == []
