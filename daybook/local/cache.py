"""The user's cache of downloaded servers and data sets, shared by every clone of the repository."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from daybook.local import space
from daybook.local.errors import ServerError

Notify = Callable[[str], None]
"""Called with a line of progress for the user."""
_NEEDED_MIB = 500


def silent(_: str) -> None:
    """Discards lines of progress."""


def path(name: str) -> Path:
    """The path of `name` in the cache, whether it exists or not."""
    return user_cache_path("daybook") / "servers" / name


def cached(name: str, make: Callable[[Path], None], notify: Notify) -> Path:
    """The cached file or directory; `make(path)` creates it if it is missing.

    Processes take turns. An entry is always complete, because a rename gives it its name.
    Raises ServerError, and what `make` raises except OSError.
    """
    target = path(name)
    if target.exists():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(name, notify):
            if not target.exists():
                space.require(target.parent, _NEEDED_MIB, f"Downloading {name}")
                _make(target, make)
    except OSError as error:
        raise ServerError(f"{name} cannot be stored in {target.parent}: {error}.") from error
    return target


@contextmanager
def _locked(name: str, notify: Notify) -> Iterator[None]:
    lock = FileLock(path(f"{name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        notify(f"waiting for another process that downloads {name}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(target: Path, make: Callable[[Path], None]) -> None:
    part = target.with_name(f"{target.name}.part")
    # Left by a killed process: no other one writes there, because this one holds the lock.
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        complete = part / target.name
        make(complete)
        os.rename(complete, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
