"""Room on the disk, asked for before it is needed."""

import shutil
from pathlib import Path

from daybook.local.errors import ServerError

MIB = 2**20


def require(directory: Path, mib: int, purpose: str) -> None:
    """Raises ServerError when the disk of `directory`, which need not exist, has less room."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free // MIB
    if free < mib:
        raise ServerError(
            f"{purpose} needs {mib:,} MiB in {directory} and only {free:,} MiB are free there: "
            "make room, then try again."
        )
