"""Which servers the settings name, and the ports of the local ones."""

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
    """The address of each server that a DAYBOOK_ variable names. Raises WrongSetting."""
    config = settings()
    fields = {name: variable.removeprefix(PREFIX).lower() for name, variable in VARIABLES.items()}
    addresses = {
        "kafka": config.kafka_bootstrap_servers,
        "mongodb": config.mongodb_uri.get_secret_value(),
        "redis": config.redis_url.get_secret_value(),
    }
    return {
        name: without_secrets(addresses[name])
        for name in NAMES
        if fields[name] in config.model_fields_set
    }


def local_ports() -> Ports:
    """The ports of the local servers, from DAYBOOK_LOCAL_PORTS. Raises WrongSetting."""
    return Ports.parse(settings().local_ports)


def use_ports(ports: str | None) -> str | None:
    """Sets DAYBOOK_LOCAL_PORTS to the value of --ports. Raises WrongSetting."""
    if ports is not None:
        os.environ["DAYBOOK_LOCAL_PORTS"] = ports
        settings.cache_clear()
        settings()
    return ports


def without_secrets(address: str) -> str:
    """The address without user, password and options."""
    return re.sub(r"//[^/]*@", "//", address).partition("?")[0]


@contextmanager
def server_errors() -> Iterator[None]:
    """Turns a ServerError into a DaybookError, which the command line prints as one sentence."""
    try:
        yield
    except ServerError as error:
        raise DaybookError(str(error)) from error
