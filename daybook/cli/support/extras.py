"""Extras: the optional dependencies that some commands need, beside those of a member."""

from collections.abc import Iterator
from contextlib import contextmanager

from daybook.engine.errors import DaybookError

_OWN_PACKAGES = frozenset({"consumers", "daybook", "models", "schemas"})


class MissingExtra(DaybookError):
    """A command needs packages that are not installed; the message names the extra."""

    exit_code = 2


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports within it may need the packages of this extra of `pyproject.toml`.

    Raises MissingExtra when one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        if missing in _OWN_PACKAGES:
            raise
        raise MissingExtra(
            f"the package {missing} is not installed. This command needs the extra [{name}]: "
            f"pip install 'daybook[{name}]'"
        ) from None
