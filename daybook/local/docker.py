"""The same three servers as containers, by daybook/local/compose.yaml, where Java is not."""

import os
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from daybook.local.errors import ServerError
from daybook.local.server import Report, State
from daybook.local.stack import NAMES, Ports

COMPOSE = Path(__file__).parent / "compose.yaml"
PROJECT = "daybook"


def works() -> bool:
    """Whether Docker's daemon answers and has compose."""
    if shutil.which("docker") is None:
        return False
    try:
        return all(
            subprocess.run(["docker", *words], capture_output=True, timeout=20).returncode == 0
            for words in (["info"], ["compose", "version"])
        )
    except subprocess.TimeoutExpired:
        return False


class Containers:
    """The compose project, as started from one directory; a file there remembers it."""

    def __init__(self, directory: Path, ports: Ports | None = None) -> None:
        self.directory = directory.absolute()
        self._ports = ports or Ports()
        self._project = PROJECT if self._ports == Ports() else f"{PROJECT}-{self._ports.kafka}"

    @property
    def marker(self) -> Path:
        return self.directory / "docker"

    def were_started(self) -> bool:
        return self.marker.exists()

    def start(self, names: Collection[str], report: Report | None = None) -> dict[str, State]:
        """Returns when all of them are healthy. Raises ServerError."""
        running = self._running()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.marker.touch()
        for name in sorted(names):
            if report:
                report(name, "starting with Docker (the first time it fetches the image)")
        self._compose("up", "--detach", "--wait", *sorted(names))
        return {name: State.RUNNING if name in running else State.STARTED for name in names}

    def stop(self, names: Collection[str], *, wipe: bool = False) -> set[str]:
        """Removes the containers, with `wipe` their volumes too; returns the names that ran."""
        if not self.were_started():
            return set()
        ran = self._running() & set(names)
        self._compose("rm", "--stop", "--force", *sorted(names))
        if wipe:
            volumes = [f"{self._project}_{name}" for name in sorted(names)]
            self._docker("volume", "rm", "--force", *volumes)
        if not self._running():
            self._compose("down")
            self.marker.unlink(missing_ok=True)
            if wipe and not any(self.directory.iterdir()):
                self.directory.rmdir()
        return ran

    def _running(self) -> set[str]:
        return set(self._compose("ps", "--services", "--status", "running").split())

    def _compose(self, *words: str) -> str:
        return self._docker("compose", "-p", self._project, "-f", str(COMPOSE), *words)

    def _docker(self, *words: str) -> str:
        try:
            ports = {
                f"DAYBOOK_{name.upper()}_PORT": str(getattr(self._ports, name)) for name in NAMES
            }
            done = subprocess.run(
                ["docker", *words], capture_output=True, text=True, env=os.environ | ports
            )
        except FileNotFoundError as error:
            raise ServerError("The servers were started with Docker, and it is gone.") from error
        if done.returncode:
            said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise ServerError(f"Docker says: {said[-1] if said else 'nothing'} ({words[0]}).")
        return done.stdout
