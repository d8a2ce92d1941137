"""Where the local servers keep their data, and exports their secret."""

from pathlib import Path


def local_directory() -> Path:
    """`.daybook` in the nearest parent of the working directory that has one, or has .git."""
    here = Path.cwd()
    for directory in (here, *here.parents):
        if (directory / ".daybook").is_dir() or (directory / ".git").exists():
            return directory / ".daybook"
    return here / ".daybook"
