"""The interface of a file store."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from daybook.engine.errors import DaybookError

CHUNK_BYTES = 2**18


class Gone(Exception):
    """The file does not exist, or was removed."""


class NoRoom(DaybookError):
    """The store has no space for the file; retrying does not help."""


class StoredFile(NamedTuple):
    """A complete file; `at` is when it was stored."""

    name: str
    at: datetime


class Files(Protocol):
    """Every method raises Unavailable if the store does not answer. Names contain no slash."""

    def scratch(self) -> Path:
        """A local directory for unfinished files, this user's own. Raises WrongSetting if it is
        somebody else's, or others may enter it."""

    def put(self, path: Path, name: str) -> None:
        """Moves a finished file into the store. If the process dies meanwhile, the store has the
        complete file or none. Raises NoRoom."""

    def read(self, name: str) -> Iterator[bytes]:
        """The file in chunks. Raises Gone before the first one."""

    def remove(self, name: str) -> None:
        """Removes the file, if it exists."""

    def list(self) -> Iterator[StoredFile]:
        """All files of the store, without unfinished ones."""
