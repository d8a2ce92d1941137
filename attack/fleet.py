"""The fleet under attack: servers, members, services and a well-behaved caller, all its own."""

import os
import secrets
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from pymongo.uri_parser import parse_uri

import consumers
from attack.attack import Target, settings_of
from attack.lag import wait_for_no_lag
from attack.memory import MemoryWatch
from attack.process import DaybookProcess, daybook
from attack.witness import Witness
from daybook.cli.topics import wanted_topics
from daybook.engine.kafka import clients
from daybook.engine.kafka.topics import create
from daybook.engine.mongo.client import Documents, database
from daybook.local.mongodb import MongoDB
from daybook.local.stack import Ports, Stack
from daybook.service import api_keys

MEMBERS = tuple(group.name.removeprefix(consumers.PREFIX) for group in consumers.FLEET)
WELL_BEHAVED, ATTACKER, OTHER = "well-behaved", "attacker", "other"
JWT_SECRET = "a secret of sixty-four bytes that no attacker has, as they say so"
_SERVERS, _NAMES = "stack", ("kafka", "mongodb", "redis")
_SHOWN_CHARS_MAX = 600


class Fleet:
    """Running processes, and what it takes to ask how they are."""

    def __init__(
        self,
        processes: list[DaybookProcess],
        servers: Stack,
        variables: Mapping[str, str],
        directory: Path,
        keys: Mapping[str, str],
        documents: Documents,
    ) -> None:
        ports = {process.kind: process.port for process in processes}
        self.processes = processes
        self.target = Target(
            variables,
            ports["collector"],
            ports["query"],
            keys,
            str(directory),
        )
        self._servers = servers
        self._documents = documents
        self._admin = clients.admin(settings_of(variables))
        self._directory = directory

    def dead(self) -> list[str]:
        """Why each process that has ended did."""
        return [reason for process in self.processes if (reason := process.end_reason())]

    def alive(self) -> int:
        """How many processes still run, each under the pid that it started with."""
        return sum(process.is_alive() for process in self.processes)

    def faults(self) -> int:
        """How many requests have failed by a service's own fault, by the logs of the services."""
        services = [p for p in self.processes if p.kind in ("collector", "query")]
        return sum(p.logged("Traceback") for p in services)

    def wait_for_no_lag(self, seconds: float) -> list[str]:
        """A sentence for each group that still lags after so long; none if a process has ended."""
        lagging = wait_for_no_lag(self._documents, self._admin, seconds, lambda: bool(self.dead()))
        return [] if self.dead() else lagging

    def verify(self, group: str, seconds: float) -> str | None:
        """None if a recount of everything equals what is stored, else what `verify` printed."""
        done = daybook(("verify", group, "--all"), self.target.variables, seconds)
        if done.returncode == 0:
            return None
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
        text = " ".join(line for line in lines if line)
        # Of a failure of its own, the end says what it was; of a comparison, the beginning.
        is_own = "Traceback" in text
        shown = text[-_SHOWN_CHARS_MAX:] if is_own else text[:_SHOWN_CHARS_MAX]
        return f"verify {group} --all exits with {done.returncode}: {shown}"

    def resume_servers(self) -> None:
        """Continues servers that an attack has frozen; harmless for those that run."""
        for server in self._servers.servers():
            with suppress(ProcessLookupError):
                if pid := server.pid:
                    os.kill(pid, signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A fleet, its well-behaved caller and the watch on its memory."""

    fleet: Fleet
    witness: Witness
    memory: MemoryWatch


@contextmanager
def guarded_fleet() -> Iterator[Guarded]:
    """Starts a new fleet; on leaving, ends all of it and removes its files.

    Raises ServerError and NotStarted.
    """
    with ExitStack() as stack:
        directory = Path(mkdtemp(prefix="daybook-attack-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        servers = Stack(directory / _SERVERS, Ports.free())
        stack.callback(servers.wipe, _NAMES)
        servers.start(_NAMES)
        variables = _variables(servers, directory)
        settings = settings_of(variables)
        documents = stack.enter_context(database(settings).client)[settings.mongodb_database]
        for topic in wanted_topics(settings):
            create(clients.admin(settings), topic)
        keys = _keys(documents)
        processes = _start(stack, variables, directory)
        fleet = Fleet(processes, servers, variables, directory, keys, documents)
        # Leaving with a frozen server would leave it running for ever.
        stack.callback(fleet.resume_servers)
        ports = fleet.target.collector_port, fleet.target.query_port
        callers = keys["well-behaved write"], keys["well-behaved analyst"]
        witness = stack.enter_context(Witness(ports, callers, directory))
        memory = stack.enter_context(MemoryWatch(processes))
        yield Guarded(fleet, witness, memory)


def fleet_mongodb(target: Target) -> MongoDB:
    """The fleet's server, for an attack that ends or freezes it."""
    uri = target.settings.mongodb_uri
    assert uri is not None
    port = parse_uri(uri.get_secret_value())["nodelist"][0][1]
    return MongoDB(Path(target.directory) / _SERVERS / "mongodb", port)


def _variables(servers: Stack, directory: Path) -> dict[str, str]:
    return {
        "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": servers.kafka.address,
        "DAYBOOK_MONGODB_URI": servers.mongodb.address,
        "DAYBOOK_REDIS_URL": servers.redis.address,
        "DAYBOOK_EXPORTS_SECRET": secrets.token_hex(32),
        "DAYBOOK_EXPORTS_FOLDER": str(directory / "exports"),
        "DAYBOOK_JWT_ALGORITHM": "HS256",
        "DAYBOOK_JWT_SECRET": JWT_SECRET,
        "DAYBOOK_JWT_ISSUER": "https://login.example",
        "DAYBOOK_JWT_AUDIENCE": "daybook",
    }


def _keys(documents: Documents) -> dict[str, str]:
    wanted: dict[str, tuple[api_keys.Kind, str, api_keys.Role | None]] = {
        "write": ("write", ATTACKER, None),
        "server": ("server", ATTACKER, None),
        "analyst": ("read", ATTACKER, "analyst"),
        "colleague": ("read", ATTACKER, "analyst"),
        "admin": ("read", ATTACKER, "admin"),
        "other server": ("server", OTHER, None),
        "other analyst": ("read", OTHER, "analyst"),
        "well-behaved write": ("write", WELL_BEHAVED, None),
        "well-behaved analyst": ("read", WELL_BEHAVED, "analyst"),
    }
    now = datetime.now(UTC)
    return {
        name: api_keys.create(documents, kind, organization, name, now, role)[0]
        for name, (kind, organization, role) in wanted.items()
    }


def _start(stack: ExitStack, variables: Mapping[str, str], directory: Path) -> list[DaybookProcess]:
    commands: list[tuple[str, str, tuple[str, ...], str]] = [
        *((name, "member", ("run", name), "member started") for name in MEMBERS),
        ("exports", "exports", ("serve", "exports", "--port", "0"), "member started"),
        *(
            (name, name, ("serve", name, "--port", "0"), f"{name} started")
            for name in ("collector", "query")
        ),
    ]
    processes: list[DaybookProcess] = []
    stack.callback(_end, processes)
    for name, kind, arguments, event in commands:
        processes.append(DaybookProcess(name, kind, arguments, event, variables, directory))
    for process in processes:
        process.wait_until_started()
    return processes


def _end(processes: list[DaybookProcess]) -> None:
    for process in processes:
        process.stop()
    for process in processes:
        process.wait()
