"""Reads the published file of a data set, and only that one."""

import hashlib
from pathlib import Path

from daybook.engine.errors import DaybookError


def read_published(path: Path, name: str, sha256: str) -> bytes:
    """The content of the file. Raises DaybookError for one with another digest."""
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise DaybookError(
            f"{path} is not the published {name}: remove it and run the command again"
        )
    return raw
