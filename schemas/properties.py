"""Free-form properties of events, within limits that every store can hold."""

from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError, to_json

BYTES_MAX = 4_096
"""Size limit as JSON. A session's row holds up to 500, and must stay below MongoDB's 16 MiB."""

_DEPTH_MAX = 20
_INT_MAX = 2**63 - 1


def bounded(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties, if within the limits. Raises PydanticCustomError naming the limit."""
    if not _is_plain(properties, _DEPTH_MAX):
        message = (
            f"may nest at most {_DEPTH_MAX} levels, with 64-bit integers, finite numbers, "
            "and no NUL in a name"
        )
        raise PydanticCustomError("properties", message)
    if len(to_json(properties)) > BYTES_MAX:
        raise PydanticCustomError("properties", f"may have at most {BYTES_MAX} bytes as JSON")
    return properties


def _is_plain(value: Any, depth: int) -> bool:
    match value:
        case dict():
            return depth > 0 and all(
                "\0" not in name and _is_plain(item, depth - 1) for name, item in value.items()
            )
        case list():
            return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
        case int():
            return -_INT_MAX <= value <= _INT_MAX
        case float():
            return isfinite(value)
    return True


Properties = Annotated[dict[str, Any], AfterValidator(bounded)]
