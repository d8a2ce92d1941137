"""What is fetched once for the user and shared by every clone."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from daybook.local import space
from daybook.local.errors import ServerError

Say = Callable[[str], None]
_NEEDED_MIB = 500


def silent(_: str) -> None:
    """Says nothing."""


def path(name: str) -> Path:
    """Where `name` is, or would be."""
    return user_cache_path("daybook") / "servers" / name


def kept(name: str, make: Callable[[Path], None], say: Say) -> Path:
    """The cached file or directory, made by `make(where)` unless it is there.

    Processes take turns; what is there is whole, because it got its name by a rename.
    Raises ServerError, and what `make` raises but OSError.
    """
    target = path(name)
    if target.exists():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _turn(name, say):
            if not target.exists():
                space.require(target.parent, _NEEDED_MIB, f"Fetching {name}")
                _make(target, make)
    except OSError as error:
        raise ServerError(f"{name} cannot be kept in {target.parent}: {error}.") from error
    return target


@contextmanager
def _turn(name: str, say: Say) -> Iterator[None]:
    lock = FileLock(path(f"{name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"waiting for another process that fetches {name}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(target: Path, make: Callable[[Path], None]) -> None:
    part = target.with_name(f"{target.name}.part")
    # Left by a process that was killed: the lock is ours, so nobody writes there now.
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        made = part / target.name
        make(made)
        os.rename(made, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
