"""Checks for free disk space before it is needed."""

import shutil
from pathlib import Path

from daybook.local.errors import ServerError

MIB = 2**20


def require(directory: Path, mib: int, purpose: str) -> None:
    """Raises ServerError if the disk of `directory`, which need not exist, has less free space."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free // MIB
    if free < mib:
        raise ServerError(
            f"{purpose} needs {mib:,} MiB in {directory}, but only {free:,} MiB are free: "
            "free some space and run the command again."
        )
