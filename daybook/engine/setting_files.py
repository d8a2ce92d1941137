"""Reads settings from files, as secrets are mounted: `DAYBOOK_X_FILE` is the path of X's value."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from daybook.engine.errors import WrongSetting

SUFFIX = "_FILE"
BYTES_MAX = 2**20


def read_files(prefix: str, names: Collection[str], variables: Mapping[str, str]) -> dict[str, Any]:
    """The text of each file that a variable names, by the setting's name, without one newline at
    its end.

    `names` are those of all settings: one whose own name ends like that of a file, such as
    `geoip_file`, is a setting. Raises WrongSetting, which never repeats a path or a content.
    """
    given = {name.upper(): value for name, value in variables.items()}
    found = {}
    for name in names:
        variable = f"{prefix}{name.upper()}"
        path = given.get(f"{variable}{SUFFIX}")
        if path is None or f"{name}{SUFFIX.lower()}" in names:
            continue
        if variable in given:
            raise WrongSetting(f"{variable}, {variable}{SUFFIX}: give one of them, not both")
        found[name] = _content(f"{variable}{SUFFIX}", Path(path))
    return found


def _content(variable: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
        content = raw.decode()
    except FileNotFoundError:
        raise WrongSetting(f"{variable}: there is no such file") from None
    except (OSError, ValueError):
        raise WrongSetting(f"{variable}: cannot be read as a file of text") from None
    if len(raw) > BYTES_MAX:
        raise WrongSetting(f"{variable}: the file is larger than 1 MiB")
    content = content.removesuffix("\n").removesuffix("\r")
    if not content:
        raise WrongSetting(f"{variable}: the file is empty")
    return content
