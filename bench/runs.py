"""Runs programs, each in a process and on a database of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.stopwatch import Measured
from daybook.engine.mongo.client import Documents, database
from daybook.engine.settings import Settings

_ROOT = Path(__file__).parents[1]
_SECONDS_MAX = 900
_TUNED = (
    "DAYBOOK_BATCH_BYTES_MAX",
    "DAYBOOK_BATCH_MESSAGES_MAX",
    "DAYBOOK_DUPLICATE_WINDOW",
    "DAYBOOK_KAFKA_GROUP_PROTOCOL",
    "DAYBOOK_LINGER_MS",
)
"""Settings taken from the environment, to try them out; all others have their defaults."""


class RunFailed(Exception):
    """A program ended without a measurement; the message has the end of its stderr."""


@dataclass(frozen=True, slots=True)
class Log:
    """A topic and the number of its events; `check(program, documents)` raises WrongTotals if the
    program counted them wrong."""

    topic: str
    count: int
    check: Callable[[str, Documents], None]


class Runs:
    """Runs programs on servers given by `DAYBOOK_*` variables; `log` gets a line per run."""

    def __init__(self, servers: Mapping[str, str], log: Callable[[str], None]) -> None:
        tuned = {name: os.environ[name] for name in _TUNED if name in os.environ}
        self.variables: Mapping[str, str] = dict(servers) | tuned
        self.log = log
        self._numbers = count(1)

    def settings(self, name: str = "bench") -> Settings:
        """The settings of a run with this database name."""
        variables = dict(self.variables) | {"DAYBOOK_MONGODB_DATABASE": name}
        return Settings.model_validate(
            {name.removeprefix("DAYBOOK_").lower(): value for name, value in variables.items()}
        )

    def run(self, program: str, log: Log) -> Measured:
        """Runs a program on a new database. Raises RunFailed and WrongTotals."""
        with self._database() as (settings, documents):
            return self.measure(program, log, settings, documents)

    def run_and_repeat_writes(self, program: str, log: Log) -> tuple[Measured, Measured]:
        """A run, and a second one that only repeats its writes."""
        with self._database() as (settings, documents):
            ours = self.measure(program, log, settings, documents)
            written = json.dumps(ours.written)
            return ours, self.measure("bare", log, settings, documents, written)

    def run_both(self, program: str, other: str, log: Log) -> tuple[Measured, Measured]:
        """A run of a program, and then one of another on the same database."""
        with self._database() as (settings, documents):
            first = self.measure(program, log, settings, documents)
            return first, self.measure(other, log, settings, documents)

    def record(self, log: Log, path: Path) -> None:
        """A run of funnel-step that records its writes in a file."""
        with self._database() as (settings, documents):
            self.measure("record", log, settings, documents, json.dumps(str(path)))

    def replay(self, log: Log, path: Path) -> Measured:
        """Sends a recorded run's writes again; the resulting documents are checked as well."""
        with self._database() as (settings, documents):
            return self.measure("replayed", log, settings, documents, json.dumps(str(path)))

    @contextmanager
    def _database(self) -> Iterator[tuple[Settings, Documents]]:
        """A new database, which is dropped on leaving."""
        settings = self.settings(f"bench-{next(self._numbers)}")
        documents = database(settings)
        with documents.client as client:
            yield settings, documents
            client.drop_database(documents.name)

    def measure(
        self, program: str, log: Log, settings: Settings, documents: Documents, *more: str
    ) -> Measured:
        """Runs a program on an existing database. Raises RunFailed and WrongTotals."""
        others = {n: v for n, v in os.environ.items() if not n.startswith("DAYBOOK_")}
        arguments = [program, log.topic, str(log.count), *more]
        done = subprocess.run(
            [sys.executable, "-m", "bench.worker", *arguments],
            cwd=_ROOT,
            env=others
            | dict(self.variables)
            | {"DAYBOOK_MONGODB_DATABASE": settings.mongodb_database},
            capture_output=True,
            text=True,
            timeout=_SECONDS_MAX,
        )
        if done.returncode:
            raise RunFailed(f"{program} ended with {done.returncode}: {done.stderr[-2_000:]}")
        measured = Measured(**json.loads(done.stdout))
        log.check(program, documents)
        self.log(f"{program}: {measured.rate:,.0f} events/s, {measured.seconds:.2f} s")
        return measured
