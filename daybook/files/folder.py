"""Files in a folder: written aside, made durable, then given their name."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from daybook.engine.errors import Unavailable
from daybook.files.store import CHUNK_BYTES, Gone, Kept, NoRoom

_SCRATCH = "unfinished"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Folder:
    """Made when it is first written to. Whoever reads the files must see the same one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def scratch(self) -> Path:
        place = self._path / _SCRATCH
        with _answering():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place

    def put(self, made: Path, name: str) -> None:
        with _answering():
            _sync(made)
            made.replace(self._path / name)
            _sync(self._path)

    def read(self, name: str) -> Iterator[bytes]:
        try:
            with _answering():
                source = (self._path / name).open("rb")
        except FileNotFoundError:
            raise Gone(name) from None
        return _pieces(source)

    def remove(self, name: str) -> None:
        with _answering(), suppress(FileNotFoundError):
            (self._path / name).unlink()

    def kept(self) -> Iterator[Kept]:
        with _answering(), suppress(FileNotFoundError):
            yield from _files_of(self._path)


def _files_of(path: Path) -> Iterator[Kept]:
    for entry in os.scandir(path):
        with suppress(FileNotFoundError):
            if entry.is_file():
                yield Kept(entry.name, datetime.fromtimestamp(entry.stat().st_mtime, UTC))


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    with source:
        while piece := source.read(CHUNK_BYTES):
            yield piece


def _sync(path: Path) -> None:
    """What a power cut would take is not there."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom("there is no room for the file") from error
        raise Unavailable(f"DAYBOOK_EXPORTS_FOLDER: {error.strerror}") from error
