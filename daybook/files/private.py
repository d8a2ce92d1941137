"""Directories that only the user of this process may enter."""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from daybook.engine.errors import WrongSetting

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private(directory: Path, setting: str) -> Path:
    """Makes the directory for this user alone, or checks that an existing one is.

    Whoever else made it, or may enter it, could read personal data there and replace files.
    Raises WrongSetting, naming the setting that chooses its place; OSError.
    """
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    status = directory.lstat()
    if stat.S_ISLNK(status.st_mode):
        why = "is a link"
    elif not stat.S_ISDIR(status.st_mode):
        why = "is no directory"
    elif status.st_uid != os.geteuid():
        why = "belongs to another user"
    elif status.st_mode & _OTHERS:
        why = "may be entered by other users"
    else:
        return directory
    raise WrongSetting(f"{setting}: {directory} {why}; remove it, or choose another place")


def close_to_others(directory: Path) -> None:
    """Takes the rights of others from a directory that this user owns. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        status = os.fstat(descriptor)
        if status.st_uid == os.geteuid() and status.st_mode & _OTHERS:
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & ~_OTHERS)
    finally:
        os.close(descriptor)


def make_file(path: Path) -> None:
    """An empty new file that only this user may read. Raises OSError."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))


def discard(path: Path) -> None:
    """Removes a file, or a directory with all that is in it, if it exists. Raises OSError."""
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
