"""The same three servers as containers, for machines without Java; see compose.yaml."""

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
    """Whether the Docker daemon answers and has the compose plugin."""
    if shutil.which("docker") is None:
        return False
    try:
        return all(
            subprocess.run(["docker", *arguments], capture_output=True, timeout=20).returncode == 0
            for arguments in (["info"], ["compose", "version"])
        )
    except subprocess.TimeoutExpired:
        return False


class Containers:
    """The compose project, as started from one directory; a marker file there records this."""

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
        """Starts the servers; returns when all are healthy. Raises ServerError."""
        running = self._running()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.marker.touch()
        for name in sorted(names):
            if report:
                report(name, "starting with Docker (the first start downloads the image)")
        self._compose("up", "--detach", "--wait", *sorted(names))
        return {name: State.RUNNING if name in running else State.STARTED for name in names}

    def stop(self, names: Collection[str], *, wipe: bool = False) -> set[str]:
        """Removes the containers, and with `wipe` their volumes; returns the names that ran."""
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

    def _compose(self, *arguments: str) -> str:
        return self._docker("compose", "-p", self._project, "-f", str(COMPOSE), *arguments)

    def _docker(self, *arguments: str) -> str:
        try:
            ports = {
                f"DAYBOOK_{name.upper()}_PORT": str(getattr(self._ports, name)) for name in NAMES
            }
            done = subprocess.run(
                ["docker", *arguments], capture_output=True, text=True, env=os.environ | ports
            )
        except FileNotFoundError as error:
            raise ServerError(
                "The servers were started with Docker, which is no longer installed."
            ) from error
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            message = lines[-1] if lines else "it printed no error"
            raise ServerError(f"`docker {arguments[0]}` failed: {message}.")
        return done.stdout
