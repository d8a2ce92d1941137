"""`daybook down`: ends what `daybook up` started."""

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from daybook.cli.support.local_servers import (
    VARIABLES,
    given_servers,
    local_directory,
    local_ports,
    sentences,
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
            "--wipe", help="Remove their data too: topics, documents, live keys, exported files."
        ),
    ] = False,
) -> None:
    """End the local Kafka, MongoDB and Redis that `daybook up` started.

    Their data stays in `.daybook/` for the next `daybook up`, unless you
    say --wipe. Exported files in `.daybook/exports` go with MongoDB's data;
    those in a DAYBOOK_EXPORTS_FOLDER or a bucket of yours stay. Servers
    that you named in DAYBOOK_KAFKA_BOOTSTRAP_SERVERS, DAYBOOK_MONGODB_URI
    or DAYBOOK_REDIS_URL are yours: they are neither stopped nor wiped.
    """
    servers_down(Console(), wipe=wipe)


def servers_down(console: Console, *, wipe: bool) -> None:
    """Raises DaybookError."""
    directory = local_directory()
    given = given_servers()
    names = set(NAMES) - given.keys()
    for name in given:
        print_line(f"{name}: left alone, {VARIABLES[name]} names it", console)
    if wipe and "mongodb" in names and _remove_exports(directory):
        print_line("exports: their files removed", console)
    with sentences():
        stack = Stack(directory, local_ports())
        ran = stack.wipe(names) if wipe else stack.stop(names)
        ran |= Containers(directory, local_ports()).stop(names, wipe=wipe)
    for name in (name for name in NAMES if name in names):
        ended = "stopped" if name in ran else "was not running"
        print_line(f"{name}: {ended}{', its data removed' if wipe else ''}", console)


def _remove_exports(directory: Path) -> bool:
    """Removes files that no document names any more; whether there were any. Raises DaybookError.

    They hold what documents hold, ids of people among it.
    """
    folder = directory / "exports"
    if "exports_folder" in settings().model_fields_set or not folder.is_dir():
        return False
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise DaybookError(f"{folder} cannot be removed: {error.strerror}") from None
    return True
