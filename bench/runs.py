"""Runs of the programs, each in a process and on a database of its own."""

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
_SECONDS_MAX = 300
_TUNED = (
    "DAYBOOK_BATCH_BYTES_MAX",
    "DAYBOOK_BATCH_MESSAGES_MAX",
    "DAYBOOK_DUPLICATE_WINDOW",
    "DAYBOOK_KAFKA_GROUP_PROTOCOL",
    "DAYBOOK_LINGER_MS",
)
"""Settings that may be tried out; every other one is the default, whatever the shell says."""


class RunFailed(Exception):
    """A program ended otherwise than with a measurement; the message is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Log:
    """A topic, how many events were published to it, and whether a program counted them right:
    `check` raises WrongTotals."""

    topic: str
    count: int
    check: Callable[[str, Documents], None]


class Runs:
    """`log` gets a line for each run that is over."""

    def __init__(self, servers: Mapping[str, str], log: Callable[[str], None]) -> None:
        tuned = {name: os.environ[name] for name in _TUNED if name in os.environ}
        self.variables: Mapping[str, str] = dict(servers) | tuned
        self.log = log
        self._numbers = count(1)

    def settings(self, name: str = "bench") -> Settings:
        """Those of a run whose database has that name."""
        variables = dict(self.variables) | {"DAYBOOK_MONGODB_DATABASE": name}
        return Settings.model_validate(
            {name.removeprefix("DAYBOOK_").lower(): value for name, value in variables.items()}
        )

    def run(self, program: str, log: Log) -> Measured:
        """Raises RunFailed, and WrongTotals."""
        with self._database() as (settings, documents):
            return self.measure(program, log, settings, documents)

    def run_and_repeat_writes(self, program: str, log: Log) -> tuple[Measured, Measured]:
        """A run with state; then what it wrote, written by itself."""
        with self._database() as (settings, documents):
            ours = self.measure(program, log, settings, documents)
            written = json.dumps(ours.written)
            return ours, self.measure("bare", log, settings, documents, written)

    def record(self, log: Log, path: Path) -> None:
        """A run of funnel-step whose writes are kept in a file."""
        with self._database() as (settings, documents):
            self.measure("record", log, settings, documents, json.dumps(str(path)))

    def replay(self, log: Log, path: Path) -> Measured:
        """What a recorded run wrote, written again; what comes of it is checked as well."""
        with self._database() as (settings, documents):
            return self.measure("replayed", log, settings, documents, json.dumps(str(path)))

    @contextmanager
    def _database(self) -> Iterator[tuple[Settings, Documents]]:
        """One of a run's own, which is dropped on leaving."""
        settings = self.settings(f"bench-{next(self._numbers)}")
        documents = database(settings)
        with documents.client as client:
            yield settings, documents
            client.drop_database(documents.name)

    def measure(
        self, program: str, log: Log, settings: Settings, documents: Documents, *more: str
    ) -> Measured:
        """On a database that is there already. Raises RunFailed, and WrongTotals."""
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
