"""Adds requested jobs to the queue, from which runners take them."""

from collections.abc import Callable

from pymongo.errors import PyMongoError

from daybook.engine.batch import Batch
from daybook.engine.errors import NAMED
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.protocol.settle import Settled
from daybook.exports.job import job_of
from daybook.exports.job_store import Jobs


class Worker:
    """Settles the batches of all the member's partitions. It belongs to the member's thread.

    `on_job` is called after jobs were added.
    """

    def __init__(self, dead_letters: DeadLetters, jobs: Jobs, on_job: Callable[[], None]) -> None:
        self._dead_letters = dead_letters
        self._jobs = jobs
        self._on_job = on_job

    def settle(self, batch: Batch) -> Settled:
        """A job is durable before its offset is committed. Raises Unavailable, TooManyFaults.

        A request at which the code raises becomes a dead letter. What a server raises is no fault
        of the request.
        """
        self._dead_letters.write(batch)
        faults: list[tuple[int, Exception]] = []
        for index, event in enumerate(batch.events):
            try:
                if event["event_type"] == "export.requested":
                    self._jobs.add(job_of(event))
            except (*NAMED, PyMongoError):
                raise
            except Exception as error:
                faults.append((index, error))
        batch.bury(faults)
        self._dead_letters.write(batch)
        self._on_job()
        return Settled()
