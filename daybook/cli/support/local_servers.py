"""The servers of this machine, as the commands name and choose them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybook.engine.errors import DaybookError
from daybook.engine.settings import PREFIX, settings
from daybook.local.errors import ServerError
from daybook.local.stack import NAMES, Stack

VARIABLES = {server.name: server.variable for server in Stack(Path()).servers()}


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
