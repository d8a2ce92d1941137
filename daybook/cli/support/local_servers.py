"""The servers of this machine, as the commands name and choose them."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybook.engine.errors import DaybookError
from daybook.engine.settings import PREFIX, settings
from daybook.local.errors import ServerError
from daybook.local.stack import NAMES, Ports, Stack

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


def local_ports() -> Ports:
    """Where the servers of this machine listen. Raises WrongSetting."""
    return Ports.parse(settings().local_ports)


def use_ports(ports: str | None) -> str | None:
    """Takes the ports of an option for DAYBOOK_LOCAL_PORTS. Raises WrongSetting."""
    if ports is not None:
        os.environ["DAYBOOK_LOCAL_PORTS"] = ports
        settings.cache_clear()
        settings()
    return ports


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
