"""What a place for files does, whichever it is."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from daybook.engine.errors import DaybookError

CHUNK_BYTES = 2**18


class Gone(Exception):
    """There is no such file, or not any more."""


class NoRoom(DaybookError):
    """The place cannot take the file; waiting does not help."""


class Kept(NamedTuple):
    """A file that is there; `at` is when it came."""

    name: str
    at: datetime


class Files(Protocol):
    """Every method raises Unavailable when the place does not answer. Names hold no path."""

    def scratch(self) -> Path:
        """A directory for files in the making."""

    def put(self, made: Path, name: str) -> None:
        """Moves a finished file there: afterwards it is there whole, or not at all, also when the
        process dies meanwhile. Raises NoRoom."""

    def read(self, name: str) -> Iterator[bytes]:
        """In pieces. Raises Gone before the first."""

    def remove(self, name: str) -> None:
        """Of what is not there nothing is said."""

    def kept(self) -> Iterator[Kept]:
        """Every file that is there, whole ones alone."""
