"""Files in a folder: written elsewhere and synced, then renamed into place."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from daybook.engine.errors import Unavailable
from daybook.files.private import close_to_others, make_private
from daybook.files.store import CHUNK_BYTES, Gone, NoRoom, StoredFile

_SCRATCH = "unfinished"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Folder:
    """The folder is created at the first write, for this user alone. All services must see the
    same folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def scratch(self) -> Path:
        directory = self._path / _SCRATCH
        with _reachable():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.mkdir(mode=0o700, exist_ok=True)
            close_to_others(self._path)
            if directory.is_dir() and not directory.is_symlink():
                # A volume's owner may have opened it to a group, which is no attack.
                close_to_others(directory)
            return make_private(directory, "DAYBOOK_EXPORTS_FOLDER")

    def put(self, path: Path, name: str) -> None:
        with _reachable():
            _sync(path)
            path.replace(self._path / name)
            _sync(self._path)

    def read(self, name: str) -> Iterator[bytes]:
        try:
            with _reachable():
                source = (self._path / name).open("rb")
        except FileNotFoundError:
            raise Gone(name) from None
        return _chunks(source)

    def remove(self, name: str) -> None:
        with _reachable(), suppress(FileNotFoundError):
            (self._path / name).unlink()

    def list(self) -> Iterator[StoredFile]:
        with _reachable(), suppress(FileNotFoundError):
            yield from _files_of(self._path)


def _files_of(path: Path) -> Iterator[StoredFile]:
    for entry in os.scandir(path):
        with suppress(FileNotFoundError):
            if entry.is_file():
                yield StoredFile(entry.name, datetime.fromtimestamp(entry.stat().st_mtime, UTC))


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    with source:
        while chunk := source.read(CHUNK_BYTES):
            yield chunk


def _sync(path: Path) -> None:
    """Makes a file or directory durable against a power failure."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _reachable() -> Iterator[None]:
    """Turns errors into NoRoom or Unavailable, except those for a missing file."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom("there is no space left for the file") from error
        raise Unavailable(f"DAYBOOK_EXPORTS_FOLDER: {error.strerror}") from error
