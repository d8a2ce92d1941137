"""The secret of exports on this machine's own stack, made when it is first needed."""

import os
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

from daybook.cli.support.local_directory import local_directory
from daybook.engine.errors import DaybookError, WrongSetting
from daybook.engine.settings import Settings

FILE = "exports-secret"
_BYTES, _BYTES_MAX = 32, 1_024
_SERVERS = frozenset({"kafka_bootstrap_servers", "mongodb_uri", "query_mongodb_uri"})


def with_local_secret(config: Settings) -> Settings:
    """The settings with the local stack's secret, so that exports need no setting there.

    DAYBOOK_EXPORTS_SECRET comes first. Where the settings name servers, several machines may belong
    to the fleet, and only its operator can give all of them the same secret. Raises DaybookError.
    """
    if config.model_fields_set & (_SERVERS | {"exports_secret"}):
        return config
    secret = SecretStr(local_secret(local_directory()))
    return config.model_copy(update={"exports_secret": secret})


def local_secret(directory: Path) -> str:
    """The secret in this directory, which is made if there is none. Raises DaybookError."""
    path = directory / FILE
    try:
        directory.mkdir(exist_ok=True)
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise DaybookError(
            f"{path} cannot be used ({error.strerror}): set DAYBOOK_EXPORTS_SECRET"
        ) from None


def _make(path: Path) -> None:
    """Complete or not at all: of processes that start together, one makes it for all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # which only this user may read
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _read(path: Path) -> str:
    """Raises WrongSetting for a file that others may read or have made."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        is_own = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        if not is_own or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise WrongSetting(
                f"{path} must be a file that its owner alone may read: remove it, or set "
                "DAYBOOK_EXPORTS_SECRET"
            )
        return file.read(_BYTES_MAX).decode(errors="replace").strip()
