"""`daybook down`: ends what `daybook up` started."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from daybook.engine.errors import DaybookError
from daybook.engine.settings import PREFIX, settings
from daybook.local.docker import Containers
from daybook.local.errors import ServerError
from daybook.local.stack import NAMES, Stack

VARIABLES = {server.name: server.variable for server in Stack(Path()).servers()}


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
        say(console, f"{name}: left alone, {VARIABLES[name]} names it")
    if wipe and "mongodb" in names and _remove_exports(directory):
        say(console, "exports: their files removed")
    with sentences():
        stack = Stack(directory)
        ran = stack.wipe(names) if wipe else stack.stop(names)
        ran |= Containers(directory).stop(names, wipe=wipe)
    for name in (name for name in NAMES if name in names):
        ended = "stopped" if name in ran else "was not running"
        say(console, f"{name}: {ended}{', its data removed' if wipe else ''}")


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


def given_servers() -> dict[str, str]:
    """Name to address of each server that a DAYBOOK_ variable names. Raises WrongSetting."""
    chosen = settings()
    fields = {name: variable.removeprefix(PREFIX).lower() for name, variable in VARIABLES.items()}
    addresses = {
        "kafka": chosen.kafka_bootstrap_servers,
        "mongodb": chosen.mongodb_uri.get_secret_value(),
        "redis": chosen.redis_url.get_secret_value(),
    }
    return {
        name: without_secrets(addresses[name])
        for name in NAMES
        if fields[name] in chosen.model_fields_set
    }


def without_secrets(address: str) -> str:
    """An address without the user, the password and the options it may carry."""
    return re.sub(r"//[^/]*@", "//", address).partition("?")[0]


def local_directory() -> Path:
    """`.daybook` of the project we stand in: the nearest directory that has one, or has .git."""
    here = Path.cwd()
    for place in (here, *here.parents):
        if (place / ".daybook").is_dir() or (place / ".git").exists():
            return place / ".daybook"
    return here / ".daybook"


@contextmanager
def sentences() -> Iterator[None]:
    """A server's failure becomes the command's."""
    try:
        yield
    except ServerError as error:
        raise DaybookError(str(error)) from error


def say(console: Console, line: str) -> None:
    """One plain line, whatever brackets it holds, folded nowhere."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
