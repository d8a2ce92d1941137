"""`daybook down`: stops the servers that `daybook up` started."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from daybook.cli.support.local_directory import local_directory
from daybook.cli.support.local_secret import FILE as SECRET
from daybook.cli.support.local_servers import (
    VARIABLES,
    given_servers,
    local_ports,
    server_errors,
)
from daybook.cli.support.printing import print_line
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.local.docker import Containers
from daybook.local.stack import NAMES, Stack


def down(
    wipe: Annotated[
        bool,
        typer.Option(
            "--wipe", help="Also remove their data: topics, documents, Redis keys, exported files."
        ),
    ] = False,
) -> None:
    """Stop the local Kafka, MongoDB and Redis that `daybook up` started.

    Their data stays in `.daybook/` for the next `daybook up`; --wipe removes
    it. With MongoDB's data go the exported files in `.daybook/exports`; those
    in your own DAYBOOK_EXPORTS_FOLDER or bucket stay. Your own servers, named
    in DAYBOOK_KAFKA_BOOTSTRAP_SERVERS, DAYBOOK_MONGODB_URI or
    DAYBOOK_REDIS_URL, are neither stopped nor wiped.

    Example: `daybook down --wipe`
    """
    servers_down(Console(), wipe=wipe)


def servers_down(console: Console, *, wipe: bool) -> None:
    """Stops the servers that no setting names, and prints what was done. Raises DaybookError."""
    directory = local_directory()
    given = given_servers()
    names = set(NAMES) - given.keys()
    for name in given:
        print_line(f"{name}: left alone, because {VARIABLES[name]} names it", console)
    if wipe and "mongodb" in names and _remove_exports(directory):
        print_line("exports: files removed", console)
    with server_errors():
        stack = Stack(directory, local_ports())
        ran = stack.wipe(names) if wipe else stack.stop(names)
        ran |= Containers(directory, local_ports()).stop(names, wipe=wipe)
    for name in (name for name in NAMES if name in names):
        state = "stopped" if name in ran else "was not running"
        print_line(f"{name}: {state}{', data removed' if wipe else ''}", console)


def _remove_exports(directory: Path) -> bool:
    """Removes the exported files, and the secret of their links. Raises DaybookError.

    Returns whether there were any files. They hold personal data from the documents, so they must
    not outlive them.
    """
    (directory / SECRET).unlink(missing_ok=True)
    folder = directory / "exports"
    if "exports_folder" in settings().model_fields_set or not folder.is_dir():
        return False
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise DaybookError(f"{folder} cannot be removed: {error.strerror}") from None
    return True
