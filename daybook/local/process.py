"""Processes that outlive the command that started them, identified by pid and start time."""

import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_POLL_SECONDS = 0.02
# Children of this process stay zombies until it waits for them.
_children: set[int] = set()


@dataclass(frozen=True)
class Process:
    """A pid, and `birth`, which distinguishes it from a later process with the same pid."""

    pid: int
    birth: str

    def is_alive(self) -> bool:
        _reap(self.pid)
        return birth_of(self.pid) == self.birth

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, or ends within `seconds`."""
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, unless the pid now belongs to another process."""
        if self.is_alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def end(self, seconds: float) -> None:
        """Sends SIGTERM, and SIGKILL if it has not ended after `seconds`."""
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)  # a stopped process handles no signal before it continues
        if not self.wait(seconds):
            self.kill()

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.wait(30)


def birth_of(pid: int) -> str | None:
    """The boot id and start time of the process with this pid; None if it has ended."""
    if not _BOOT.exists():
        return _birth_by_clock(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # After the name, which may contain anything: state, …, threads (18th), …, start ticks (20th).
    fields = stat.rpartition(")")[2].split()
    ended = fields[0] in "ZX" and int(fields[17]) <= 1
    return None if ended else f"{_BOOT.read_text().strip()}/{fields[19]}"


def _birth_by_clock(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        ended = process.status() == psutil.STATUS_ZOMBIE
        return None if ended else str(process.create_time())
    except psutil.Error:
        return None


def spawn(command: list[str], log: Path) -> Process:
    """Starts a command in a new session, with its output in `log`. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGTERM],
    )
    _children.add(pid)
    return Process(pid, birth_of(pid) or "ended at once")


def remember(process: Process, path: Path) -> None:
    """Writes a pid file."""
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(json.dumps(asdict(process)))
    temporary.replace(path)


def recall(path: Path) -> Process | None:
    """The process of a pid file, if it still runs."""
    try:
        process = Process(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return process if process.is_alive() else None


def _reap(pid: int) -> None:
    if pid in _children:
        try:
            ended, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            ended = pid
        if ended:
            _children.discard(pid)
